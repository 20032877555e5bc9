"""The programs as the tests run them: on captures, in a folder of their own."""
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'scripts', 'lib'))

from capture import read_pcap, write_pcap  # noqa: E402

BUILD = os.environ.get('WIREVET_BUILD', os.path.join(ROOT, 'build'))
WIREVET = os.path.join(BUILD, 'app', 'wirevet')
VERDICT = os.path.join(BUILD, 'app', 'wirevet-verdict')


def merge(outside, inside):
    """Frames of both ports in order of time, a query before a response of the same moment; and
    the number in the result of each frame of `outside`."""
    both = sorted([(t, 1, n, octets) for n, (t, octets) in enumerate(outside, 1)]
                  + [(t, 0, n, octets) for n, (t, octets) in enumerate(inside, 1)])
    where = {n: i for i, (_, side, n, _) in enumerate(both, 1) if side == 1}
    return [(t, octets) for t, _, _, octets in both], where


def split(frames):
    """The frames of one capture by the port they arrive at: responses are from port 53."""
    from capture import Datagram
    outside, inside = [], []
    for time, octets in frames:
        d = Datagram.parse(octets)
        (outside if d is not None and d.sport == 53 else inside).append((time, octets))
    return outside, inside


class Run:
    """What came of one run of wirevet on two captures."""

    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def json_lines(self, name):
        with open(self.path(name), encoding='utf-8') as f:
            return [json.loads(line) for line in f]

    def frames(self, name):
        return read_pcap(self.path(name))


def config(folder, outside, inside, anchors, preload=(), **more):
    c = {
        'version': 1, 'mode': 'enforce', 'clock': 'packet',
        'eal': {'memory': 'no-huge', 'memory_mib': 256, 'file_prefix': 'wv%d' % os.getpid()},
        'pairs': [{
            'name': 'test',
            'outside': 'net_pcap0,rx_pcap=%s,tx_pcap=%s/to_outside.pcap' % (outside, folder),
            'inside': 'net_pcap1,rx_pcap=%s,tx_pcap=%s/to_inside.pcap' % (inside, folder)}],
        'validation': {'anchors': [anchors]},
        'trust': {'preload': list(preload)},
        'events': {'file': folder + '/events.jsonl', 'verdicts': folder + '/verdicts.jsonl'},
        'stats': {'file': folder + '/stats.json', 'telemetry': False},
    }
    for section, values in more.items():
        if isinstance(values, dict) and section in c:
            c[section] = {**c[section], **values}
        else:
            c[section] = values
    return c


def run(folder, outside, inside, anchors, preload=(), **more):
    """Run wirevet to its end; the Run, with returncode, stdout and stderr."""
    path = os.path.join(folder, 'config.json')
    with open(path, 'w', encoding='utf-8') as f:
        json.dump(config(folder, outside, inside, anchors, preload, **more), f)
    r = Run(folder)
    p = subprocess.run([WIREVET, '-c', path], capture_output=True, text=True, timeout=120,
                       check=False, cwd=ROOT)
    r.returncode, r.stdout, r.stderr = p.returncode, p.stdout, p.stderr
    return r


def verdict(capture, anchors, *words):
    p = subprocess.run([VERDICT, '--anchors', anchors, *words, capture], capture_output=True,
                       text=True, timeout=120, check=False)
    return p, [json.loads(line) for line in p.stdout.splitlines()]


def comparable(lines):
    """Lines without what only one of the programs knows, sorted."""
    return sorted(json.dumps({k: v for k, v in line.items()
                              if k not in ('frame', 'port', 'action')}) for line in lines)


__all__ = ['BUILD', 'ROOT', 'Run', 'comparable', 'config', 'merge', 'read_pcap', 'run', 'split',
           'verdict', 'write_pcap']
