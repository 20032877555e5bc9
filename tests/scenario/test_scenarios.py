"""Every scenario in *.txt, as one test each, through wirevet-verdict."""
import glob
import json
import os
import subprocess
import tempfile
import unittest

import scenario

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL = os.path.join(os.environ.get('WIREVET_BUILD', os.path.join(HERE, '..', '..', 'build')),
                    'app', 'wirevet-verdict')
CRYPTO = os.environ.get('WIREVET_TEST_CRYPTO')  # the driver to be forced
EXIT = {'secure': 0, 'insecure': 0, 'indeterminate': 2, 'bogus': 1}


def settings(s):
    """The settings of a scenario as a configuration."""
    config = {'version': 1}
    if CRYPTO:
        config['drivers'] = {'crypto': CRYPTO}
    for name, value in s.settings.items():
        section, key = name.split('.')
        config.setdefault(section, {})[key] = json.loads(value)
    return json.dumps(config)


def run(s):
    frames, where = s.capture()
    with tempfile.TemporaryDirectory() as d:
        paths = {n: os.path.join(d, n) for n in ('anchors', 'config.json', 'capture.pcap')}
        with open(paths['anchors'], 'w', encoding='utf-8') as f:
            f.write('\n'.join(s.anchors) + '\n')
        with open(paths['config.json'], 'w', encoding='utf-8') as f:
            f.write(settings(s))
        scenario.write_pcap(paths['capture.pcap'], frames)
        command = [TOOL, '--anchors', paths['anchors'], '--time', s.time, '--leg', s.leg,
                   '--order', s.order]
        if s.settings or CRYPTO:
            command += ['--config', paths['config.json']]
        p = subprocess.run(command + [paths['capture.pcap']], capture_output=True, text=True,
                           timeout=60, check=False)
    lines = {r['frame']: r for r in map(json.loads, p.stdout.splitlines())}
    return p, lines, where


class Scenarios(unittest.TestCase):
    maxDiff = None


def make(s):
    def test(self):
        p, lines, where = run(s)
        self.assertEqual(p.stderr, '')
        want = ['%s %s: %s %s' % (m.qname, scenario.dns.rdatatype.to_text(m.qtype), m.verdict,
                                  m.reason) for m in s.messages]
        got = []
        for m, number in zip(s.messages, where):
            r = lines.get(number, {'verdict': 'no line', 'reason': ''})
            got.append('%s %s: %s %s' % (m.qname, scenario.dns.rdatatype.to_text(m.qtype),
                                         r['verdict'], r['reason']))
        self.assertEqual(got, want)
        self.assertEqual(len(lines), len(where))
        worst = {EXIT[m.verdict] for m in s.messages}
        self.assertEqual(p.returncode, 1 if 1 in worst else 2 if 2 in worst else 0)
    test.__doc__ = s.title
    return test


for file in sorted(glob.glob(os.path.join(HERE, '*.txt'))):
    for i, one in enumerate(scenario.read(file)):
        stem = os.path.basename(file)[:-len('.txt')]
        words = ''.join(c if c.isalnum() else '_' for c in one.title)
        setattr(Scenarios, 'test_%s_%02d_%s' % (stem, i + 1, words), make(one))

if __name__ == '__main__':
    unittest.main()
