"""Two programs, one judgement: the appliance and wirevet-verdict agree line for line.

wirevet with the capture itself as preload is wirevet-verdict --order any; without preload, control
idle between packets, it is --order strict.
"""
import os
import sys
import tempfile
import unittest

import wire

sys.path.insert(0, os.path.join(wire.ROOT, 'tests', 'scenario'))

import scenario  # noqa: E402

DEMO = os.path.join(wire.ROOT, 'config', 'demo')


class Differential(unittest.TestCase):
    maxDiff = 2000

    def agree(self, frames, anchors):
        """Both orders, on frames of both directions."""
        outside, inside = wire.split(frames)
        with tempfile.TemporaryDirectory() as folder:
            paths = {n: os.path.join(folder, n + '.pcap') for n in ('both', 'outside', 'inside')}
            wire.write_pcap(paths['both'], frames)
            wire.write_pcap(paths['outside'], outside)
            wire.write_pcap(paths['inside'], inside)
            for order, preload in (('any', [paths['both']]), ('strict', [])):
                with self.subTest(order=order):
                    p, want = wire.verdict(paths['both'], anchors, '--order', order)
                    self.assertIn(p.returncode, (0, 1, 2), p.stderr)
                    r = wire.run(folder, paths['outside'], paths['inside'], anchors, preload)
                    self.assertEqual(r.returncode, 0, r.stderr)
                    self.assertGreater(len(want), 0)
                    self.assertEqual(wire.comparable(r.json_lines('verdicts.jsonl')),
                                     wire.comparable(want))

    def test_on_the_demo(self):
        frames, _ = wire.merge(wire.read_pcap(os.path.join(DEMO, 'outside.pcap')),
                               wire.read_pcap(os.path.join(DEMO, 'inside.pcap')))
        self.agree(frames, os.path.join(DEMO, 'anchors'))

    def on_scenarios(self, name):
        """All scenarios of a file that need no settings of their own, each a run."""
        path = os.path.join(wire.ROOT, 'tests', 'scenario', name)
        for s in scenario.read(path):
            if s.settings or s.leg != 'upstream' or s.time != 'packet':
                continue
            frames, _ = s.capture()
            with self.subTest(scenario=s.title), tempfile.NamedTemporaryFile('w') as anchors:
                anchors.write('\n'.join(s.anchors) + '\n')
                anchors.flush()
                self.agree(frames, anchors.name)

    def test_on_positive_answers(self):
        self.on_scenarios('positive.txt')

    def test_on_delegations(self):
        self.on_scenarios('delegations.txt')

    def test_on_keys(self):
        self.on_scenarios('keys.txt')


if __name__ == '__main__':
    unittest.main()
