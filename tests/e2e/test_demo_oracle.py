"""The demo capture is whole, and a real Unbound still says of it what expected.tsv says."""
import os
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'scripts', 'lib'))

import dns.message  # noqa: E402
import dns.rdatatype  # noqa: E402

import replayer  # noqa: E402
from capture import Datagram, read_pcap  # noqa: E402

DEMO = os.path.join(ROOT, 'config', 'demo')
OUTSIDE = os.path.join(DEMO, 'outside.pcap')
INSIDE = os.path.join(DEMO, 'inside.pcap')
ANCHORS = os.path.join(DEMO, 'anchors')


def datagrams(path):
    """[(frame number, time, datagram or None, octets)]"""
    return [(number, when, Datagram.parse(octets), octets)
            for number, (when, octets) in enumerate(read_pcap(path), 1)]


class DemoCapture(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = replayer.read_expected(os.path.join(DEMO, 'expected.tsv'))
        cls.outside, cls.inside = datagrams(OUTSIDE), datagrams(INSIDE)

    def test_it_is_small(self):
        sizes = [os.path.getsize(os.path.join(DEMO, name)) for name in os.listdir(DEMO)]
        self.assertLess(sum(sizes), 2 << 20)

    def test_frames_are_in_order_of_time(self):
        for frames in (self.outside, self.inside):
            times = [when for _, when, _, _ in frames]
            self.assertEqual(times, sorted(times))

    def test_checksums_and_lengths_of_all_datagrams_are_right(self):
        for number, _, datagram, octets in self.outside + self.inside:
            if datagram is not None:
                self.assertEqual(datagram.octets(), octets, f'frame {number}')

    def test_each_response_has_one_query_before_it(self):
        queries = [(when, d) for _, when, d, _ in self.inside if d is not None and d.is_query()]
        responses = [(n, when, d) for n, when, d, _ in self.outside if d and d.is_response()]
        self.assertEqual(len(queries), len(responses))
        for number, when, response in responses:
            own = [q for sent, q in queries if sent < when and response.answers(q)]
            self.assertEqual(len(own), 1, f'frame {number}')

    def test_each_response_has_one_row_with_its_question(self):
        rows = {int(row.frame): row for row in self.rows if row.kind != 'question'}
        self.assertEqual(len(rows), len([r for r in self.rows if r.kind != 'question']))
        responses = {n: d for n, _, d, _ in self.outside if d and d.is_response()}
        self.assertEqual(set(rows), set(responses))
        for number, response in responses.items():
            question = dns.message.from_wire(response.payload).question[0]
            self.assertEqual(
                (question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)),
                (rows[number].qname, rows[number].qtype), f'frame {number}')

    def test_it_holds_each_kind_of_tampering_and_of_insecurity(self):
        reasons = {row.reason for row in self.rows if row.kind == 'tampered'}
        self.assertLessEqual({'bad-signature', 'signature-expired', 'rrsig-missing',
                              'unknown-key-tag'}, reasons)
        reasons = {row.reason for row in self.rows if row.kind in ('answer', 'dnskey')}
        self.assertLessEqual({'secure', 'unsigned', 'opt-out', 'stale-ds'}, reasons)

    def test_it_holds_frames_that_are_not_dns_on_both_sides(self):
        for frames in (self.outside, self.inside):
            types = {octets[12:14] for _, _, datagram, octets in frames if datagram is None}
            # IPv4 (echo, TCP), ARP, IPv6 (echo, neighbours), LLDP
            self.assertLessEqual({b'\x08\x00', b'\x08\x06', b'\x86\xdd', b'\x88\xcc'}, types)


class UnboundAskedAgain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = replayer.read_expected(os.path.join(DEMO, 'expected.tsv'))
        cls.when = read_pcap(OUTSIDE)[-1][0] // 1_000_000

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def service(self, tampered=None, when=None):
        """A replayer of the capture and an Unbound that asks it, both running."""
        known = replayer.replies(self.rows, OUTSIDE, tampered)
        server = self.enterContext(replayer.Replayer(known))
        return self.enterContext(
            replayer.Unbound(self.folder, ANCHORS, server.port, when or self.when))

    def test_unbound_says_the_same_of_what_the_servers_sent(self):
        resolver = self.service()
        for row in self.rows:
            if row.kind not in ('tampered', 'unjudged'):
                with self.subTest(kind=row.kind, frame=row.frame, asked=row.asked):
                    self.assertEqual(resolver.ask(*row.asked.split(' '))[0], row.unbound)

    def test_unbound_says_the_same_of_what_was_tampered_with(self):
        for row in self.rows:
            if row.kind == 'tampered':
                with self.subTest(frame=row.frame, note=row.note):
                    resolver = self.service(tampered=row)
                    self.assertEqual(resolver.ask(*row.asked.split(' '))[0], row.unbound)

    def test_unbound_finds_all_of_it_bogus_a_year_later(self):
        resolver = self.service(when=self.when + 365 * 86400)
        self.assertEqual(resolver.ask('www.shop.test.', 'A')[0], 'bogus')

    def test_wirevet_expects_what_unbound_said(self):
        for row in self.rows:
            if row.kind not in ('question', 'unjudged'):
                with self.subTest(kind=row.kind, frame=row.frame):
                    self.assertEqual(row.verdict, row.unbound)


if __name__ == '__main__':
    unittest.main()
