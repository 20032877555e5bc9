"""The demo: what wirevet makes of it is what Unbound and delv said of it."""
import os
import shutil
import tempfile
import unittest

import dns.edns
import dns.flags
import dns.message
import dns.rcode

import wire
from replayer import read_expected  # found by wire
from capture import Datagram

DEMO = os.path.join(wire.ROOT, 'config', 'demo')
OUTSIDE, INSIDE, ANCHORS = (os.path.join(DEMO, n) for n in
                            ('outside.pcap', 'inside.pcap', 'anchors'))
EDE = {'bad-signature': 6, 'signature-expired': 7, 'signature-not-yet-valid': 8, 'stale-ds': 9,
       'unknown-key-tag': 9, 'rrsig-missing': 10, 'signer-invalid': 6, 'ds-unproven': 12}


def expected():
    """{frame: (verdict, reason)} of every response."""
    rows = read_expected(os.path.join(DEMO, 'expected.tsv'))
    return {int(r.frame): (r.verdict, r.reason) for r in rows if r.kind != 'question'}


class Demo(unittest.TestCase):
    crypto = 'auto'

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.run_ = wire.run(cls.folder, OUTSIDE, INSIDE, ANCHORS, [OUTSIDE],
                            drivers={'crypto': cls.crypto})
        cls.want = expected()
        cls.outside, cls.inside = wire.read_pcap(OUTSIDE), wire.read_pcap(INSIDE)

    def setUp(self):
        self.assertEqual(self.run_.returncode, 0, self.run_.stderr)

    def test_the_appliance_says_what_the_validators_said(self):
        lines = self.run_.json_lines('verdicts.jsonl')
        got = {r['frame']: (r['verdict'], r['reason']) for r in lines}
        self.assertEqual({n: (got.get(n), w) for n, w in self.want.items() if got.get(n) != w}, {})
        self.assertEqual(len(lines), len(self.want))

    def test_wirevet_verdict_says_the_same(self):
        merged, where = wire.merge(self.outside, self.inside)
        path = os.path.join(self.folder, 'both.pcap')
        wire.write_pcap(path, merged)
        p, lines = wire.verdict(path, ANCHORS)
        self.assertEqual((p.returncode, p.stderr), (1, ''))
        got = {r['frame']: (r['verdict'], r['reason']) for r in lines}
        want = {where[n]: w for n, w in self.want.items()}
        self.assertEqual({n: (got.get(n), w) for n, w in want.items() if got.get(n) != w}, {})
        self.assertEqual(len(lines), len(want))

    def test_what_is_bogus_comes_out_as_servfail_with_its_reason(self):
        out = {}
        for _, octets in self.run_.frames('to_inside.pcap'):
            d = Datagram.parse(octets)
            if d is not None and d.is_response():
                out[d.src, d.dst, d.sport, d.dport, d.payload[:2]] = (octets, d)
        blocked = 0
        for number, (_, octets) in enumerate(self.outside, 1):
            if number not in self.want:
                continue
            verdict, reason = self.want[number]
            d = Datagram.parse(octets)
            got, answer = out[d.src, d.dst, d.sport, d.dport, d.payload[:2]]
            if verdict != 'bogus':
                self.assertEqual(got, octets, 'frame %d' % number)
                continue
            blocked += 1
            was, now = dns.message.from_wire(d.payload), dns.message.from_wire(answer.payload)
            self.assertEqual(answer.octets(), got, 'frame %d: lengths and checksums' % number)
            self.assertEqual(now.rcode(), dns.rcode.SERVFAIL)
            self.assertEqual(now.question[0].name.labels, was.question[0].name.labels)
            self.assertLessEqual(len(answer.payload), len(d.payload))
            self.assertFalse(now.answer or now.authority or now.additional)
            self.assertFalse(now.flags & (dns.flags.AA | dns.flags.AD | dns.flags.TC))
            self.assertEqual(now.edns, was.edns)
            if was.edns >= 0:
                ede = [o for o in now.options if o.otype == dns.edns.OptionType.EDE]
                self.assertEqual(len(ede), 1, 'frame %d' % number)
                self.assertEqual(ede[0].code, EDE[reason], 'frame %d' % number)
        self.assertGreater(blocked, 10)

    def test_all_else_passes_octet_for_octet_in_order(self):
        def others(frames, is_ours):
            return [octets for _, octets in frames if not is_ours(Datagram.parse(octets))]

        def response(d):
            return d is not None and d.is_response()

        self.assertEqual(others(self.run_.frames('to_inside.pcap'), response),
                         others(self.outside, response))
        self.assertEqual([octets for _, octets in self.run_.frames('to_outside.pcap')],
                         [octets for _, octets in self.inside])


class Monitor(unittest.TestCase):
    def test_in_monitor_mode_every_octet_passes(self):
        with tempfile.TemporaryDirectory() as folder:
            r = wire.run(folder, OUTSIDE, INSIDE, ANCHORS, [OUTSIDE], mode='monitor')
            self.assertEqual(r.returncode, 0, r.stderr)
            for name, path in (('to_inside.pcap', OUTSIDE), ('to_outside.pcap', INSIDE)):
                self.assertEqual(sorted(o for _, o in r.frames(name)),
                                 sorted(o for _, o in wire.read_pcap(path)))
            lines = r.json_lines('verdicts.jsonl')
            self.assertEqual({line['action'] for line in lines}, {'pass'})
            self.assertEqual({n for line in lines if line['verdict'] == 'bogus'
                              for n in [line['frame']]},
                             {n for n, (v, _) in expected().items() if v == 'bogus'})


class DemoByOpenSSL(Demo):
    crypto = 'openssl'


if __name__ == '__main__':
    unittest.main()
