"""wirevet-traffic: the same seed gives the same octets, and its captures are what it says."""
import collections
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import dns.dnssec
import dns.message
import dns.rdatatype
import wire
from capture import Datagram
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.layers.l2 import Ether

TRAFFIC = os.path.join(wire.BUILD, 'app', 'wirevet-traffic')
MIXES = ('S', 'I', 'U', 'K')
HOSTILE = ('.k', '.l', '.m', '.n', '.o', 'o')  # zones below the root
SUFFIXES = ('pcap', 'outside.pcap', 'inside.pcap', 'chain.pcap', 'anchors', 'json')


def traffic(*words, **more):
    return subprocess.run([TRAFFIC, *words], capture_output=True, text=True, timeout=120,
                          check=False, **more)


def message(payload):
    """A message without what differs from one of its copies to the next: id, 0x20, COOKIE."""
    end = 12
    while payload[end]:
        end += payload[end] + 1
    opt = len(payload) - (31 if payload[-20:-16] == b'\0\x0a\0\x10' else 11)
    return payload[2:12] + payload[12:end].lower() + payload[end:opt]


def fresh(packet):
    """The same packet with its checksums made anew."""
    packet = packet.copy()
    for layer in (IP, TCP, UDP):
        if layer in packet and not is_fragment(packet):
            del packet[layer].chksum
    return packet


def ends(packet):
    ip = packet[IP] if IP in packet else packet[IPv6]
    return frozenset(((ip.src, packet[TCP].sport), (ip.dst, packet[TCP].dport)))


def is_fragment(packet):
    return IPv6ExtHdrFragment in packet or (
        IP in packet and (packet[IP].frag > 0 or bool(packet[IP].flags.MF)))


def datagram_id(packet):
    if IP in packet:
        return packet[IP].src, packet[IP].dst, packet[IP].id
    return packet[IPv6].src, packet[IPv6].dst, packet[IPv6ExtHdrFragment].id


def fragment_data(packet):
    return bytes((packet[IP] if IP in packet else packet[IPv6ExtHdrFragment]).payload)


class Made(unittest.TestCase):
    """A folder of captures for each test."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self, name, mix, *words, responses=300, zones=20, seed=5):
        p = traffic('capture', '--mix', mix, '--responses', str(responses), '--zones', str(zones),
                    '--seed', str(seed), *words, '-o', self.path(name + '.pcap'))
        self.assertEqual((p.returncode, p.stdout, p.stderr), (0, '', ''))
        with open(self.path(name + '.json'), encoding='utf-8') as f:
            return json.load(f)

    def octets(self, name):
        made = {}
        for suffix in SUFFIXES:
            with open(self.path('%s.%s' % (name, suffix)), 'rb') as f:
                made[suffix] = f.read()
        return made

    def payloads(self, name):
        datagrams = [Datagram.parse(octets) for _, octets in wire.read_pcap(self.path(name))]
        return [d.payload for d in datagrams if d is not None]


class Capture(Made):
    def test_same_seed_same_octets(self):
        for mix in MIXES:
            with self.subTest(mix=mix):
                for name in ('one', 'two'):
                    self.make(name, mix, '--repeat', '50')
                self.assertEqual(self.octets('one'), self.octets('two'))

    def test_another_seed_gives_other_octets(self):
        for mix in MIXES:
            with self.subTest(mix=mix):
                self.make('one', mix)
                self.make('two', mix, seed=6)
                one, two = self.octets('one'), self.octets('two')
                for suffix in SUFFIXES:
                    self.assertNotEqual(one[suffix], two[suffix], suffix)

    def test_a_response_follows_its_query(self):
        for mix in ('S', 'I'):
            with self.subTest(mix=mix):
                self.make('m', mix, '--time', '1800000000')
                frames = wire.read_pcap(self.path('m.pcap'))
                self.assertEqual(len(frames), 600)
                times = [t for t, _ in frames]
                self.assertEqual(times, [times[0] + 10 * n for n in range(600)])
                self.assertEqual(times[0] // 1000000, 1800000000)
                for (_, q), (_, r) in zip(frames[::2], frames[1::2]):
                    q, r = Datagram.parse(q), Datagram.parse(r)
                    self.assertTrue(q.is_query() and r.is_response() and r.answers(q))
                    end = 12
                    while q.payload[end]:
                        end += q.payload[end] + 1
                    self.assertEqual(q.payload[12:end + 5], r.payload[12:end + 5])
                    self.assertEqual(q.octets(), Datagram.parse(q.octets()).octets())

    def test_checksums_are_right(self):
        self.make('m', 'S')
        for _, octets in wire.read_pcap(self.path('m.pcap')):
            self.assertEqual(octets, Datagram.parse(octets).octets())

    def test_the_split_by_port_is_the_same_frames(self):
        self.make('m', 'I')
        outside, inside = wire.split(wire.read_pcap(self.path('m.pcap')))
        self.assertEqual(outside, wire.read_pcap(self.path('m.outside.pcap')))
        self.assertEqual(inside, wire.read_pcap(self.path('m.inside.pcap')))
        self.assertEqual((len(outside), len(inside)), (300, 300))

    def test_repeats_are_as_many_as_asked_for(self):
        for mix, repeat, distinct in (('I', 0, 300), ('I', 50, 150), ('I', 90, 30), ('S', 99, 3)):
            with self.subTest(mix=mix, repeat=repeat):
                counts = self.make('m', mix, '--repeat', str(repeat))
                messages = collections.Counter(
                    message(p) for p in self.payloads('m.outside.pcap'))
                self.assertEqual(sum(messages.values()), 300)
                self.assertEqual(len(messages), distinct)
                self.assertEqual((counts['responses'], counts['distinct'], counts['repeat']),
                                 (300, distinct, repeat))

    def test_the_counts_are_those_of_the_capture(self):
        counts = self.make('m', 'S', '--repeat', '10')
        sizes = [len(p) for p in self.payloads('m.outside.pcap')]
        self.assertEqual((counts['octets'], counts['shortest'], counts['longest']),
                         (sum(sizes), min(sizes), max(sizes)))
        self.assertEqual((counts['mix'], counts['zones'], counts['seed']), ('S', 20, 5))

    def test_a_third_of_the_names_has_mixed_case(self):
        self.make('m', 'I', responses=2000)
        mixed = 0
        for payload in self.payloads('m.inside.pcap'):
            name = payload[12:payload.index(0, 12)]
            mixed += name != name.lower()
        self.assertTrue(400 < mixed < 900, mixed)


class Upstream(Made):
    """Mix U: what a large resolver's servers send it."""

    def shares(self, counts, among, tolerance):
        for kind in counts['kinds']:
            with self.subTest(kind=kind['kind']):
                self.assertAlmostEqual(kind['responses'], kind['share_wanted'] * among,
                                       delta=tolerance * among + 2)

    def near(self, part, whole, share):
        """Within five standard deviations of what chance makes of a share."""
        self.assertAlmostEqual(part, whole * share,
                               delta=5 * (whole * share * (1 - share)) ** 0.5 + 1)

    def test_kinds_have_their_shares_and_sizes(self):
        counts = self.make('u', 'U', responses=8000, zones=200)
        self.assertEqual(sum(kind['responses'] for kind in counts['kinds']), 8000)
        self.shares(counts, 8000, 0)
        for kind in counts['kinds']:
            if kind['octets_wanted'] is None:
                continue
            with self.subTest(kind=kind['kind']):
                low, high = kind['octets_wanted']
                self.assertAlmostEqual(kind['octets_mean'] / (low + high) * 2, 1, delta=0.05)
        self.assertAlmostEqual(counts['frame_mean'], 356, delta=10)
        self.assertAlmostEqual(counts['signatures'] / 8000, 1.06, delta=0.02)
        self.assertAlmostEqual(counts['signed'] / 8000, 0.6, delta=0.01)

    def test_kinds_have_their_shares_among_repeats(self):
        counts = self.make('u', 'U', '--repeat', '90', responses=20000, zones=200)
        self.assertEqual(counts['distinct'], 2000)
        self.shares(counts, 20000, 0.02)

    def test_what_chance_decides(self):
        counts = self.make('u', 'U', '--repeat', '50', responses=20000, zones=200)
        self.near(sum(counts['tcp'].values()), 20000, 0.03)
        self.near(sum(counts['fragments'].values()), 20000, 0.001)
        self.near(counts['ipv6'], 20000, 0.3)
        self.near(counts['mixed_case'], 20000, 1 / 3)
        self.assertAlmostEqual(counts['cookies'] / 20000, 0.5, delta=0.05)
        self.assertAlmostEqual(counts['reordered'] / 10000, 0.1, delta=0.03)
        bogus = sum(kind['bogus'] for kind in counts['kinds'])
        self.assertTrue(2 <= bogus <= 8, bogus)

    def test_a_response_follows_its_query(self):
        counts = self.make('u', 'U', responses=2000, zones=100)
        query, found = None, 0
        for _, octets in wire.read_pcap(self.path('u.pcap')):
            d = Datagram.parse(octets)
            if d is None:
                continue
            if d.is_query():
                query = d
                continue
            self.assertTrue(d.is_response() and d.answers(query))
            end = query.payload.index(0, 12) + 5
            self.assertEqual(d.payload[12:end], query.payload[12:end])
            self.assertEqual(d.octets(), octets)
            found += 1
        self.assertEqual(found, sum(counts['verdicts'].values()))

    def test_streams_and_fragments_are_whole(self):
        counts = self.make('u', 'U', responses=4000, zones=100)
        connections, datagrams = {}, {}
        for _, octets in wire.read_pcap(self.path('u.pcap')):
            packet = Ether(octets)
            self.assertEqual(bytes(packet), bytes(Ether(bytes(fresh(packet)))))
            if TCP in packet:
                connections.setdefault(ends(packet), []).append(packet)
            elif is_fragment(packet):
                datagrams.setdefault(datagram_id(packet), []).append(packet)
        self.assertEqual(len(connections), sum(counts['tcp'].values()))
        for segments in connections.values():
            self.assertEqual([str(s[TCP].flags) for s in segments],
                             ['S', 'SA', 'PA', 'PA', 'FA', 'FA', 'A'])
            self.assertEqual(segments[6][TCP].ack, segments[5][TCP].seq + 1)
            for segment in segments[2:4]:
                payload = bytes(segment[TCP].payload)
                self.assertEqual(int.from_bytes(payload[:2], 'big'), len(payload) - 2)
                dns.message.from_wire(payload[2:])
        self.assertEqual(len(datagrams), sum(counts['fragments'].values()))
        for parts in datagrams.values():
            whole = b''.join(fragment_data(p) for p in parts)
            self.assertEqual(int.from_bytes(whole[4:6], 'big'), len(whole))
            dns.message.from_wire(whole[8:])

    def keys(self):
        """The DNSKEY RRset of each zone in the chain, by its name."""
        keys = {}
        for payload in self.payloads('u.chain.pcap'):
            for rrset in dns.message.from_wire(payload).answer:
                if rrset.rdtype == dns.rdatatype.DNSKEY:
                    keys[rrset.name] = rrset
        return keys

    def test_signatures_are_right_by_another_library(self):
        counts = self.make('u', 'U', responses=3600, zones=40)
        keys, wrong, checked = self.keys(), 0, 0
        for payload in self.payloads('u.outside.pcap'):
            m = dns.message.from_wire(payload)
            for section in (m.answer, m.authority):
                sets = {(s.name, s.rdtype): s for s in section}
                for rrset in section:
                    if rrset.rdtype != dns.rdatatype.RRSIG:
                        continue
                    checked += 1
                    try:
                        dns.dnssec.validate(sets[(rrset.name, rrset.covers)], rrset, keys,
                                            now=counts['time'])
                    except dns.dnssec.ValidationFailure:
                        wrong += 1
        self.assertGreater(checked, 3000)
        self.assertEqual((wrong, counts['verdicts']['bogus']), (1, 1))


class Judged(Made):
    """What the programs say about it is what it promises."""

    def verdicts(self, name, *words):
        p, lines = wire.verdict(self.path(name + '.pcap'), self.path(name + '.anchors'), *words)
        self.assertEqual((p.returncode, p.stderr), (0, ''))
        return dict(collections.Counter(line['verdict'] for line in lines))

    def test_by_wirevet_verdict(self):
        for mix, promised in (('S', 'secure'), ('I', 'insecure')):
            with self.subTest(mix=mix):
                counts = self.make('m', mix, '--repeat', '20')
                self.assertEqual(counts['verdicts'], {promised: 300})
                self.assertEqual(self.verdicts('m', '--chain', self.path('m.chain.pcap')),
                                 counts['verdicts'])

    def test_mixed_by_wirevet_verdict(self):
        for mix, repeat in (('U', '0'), ('U', '90'), ('K', '50')):
            with self.subTest(mix=mix, repeat=repeat):
                counts = self.make('m', mix, '--repeat', repeat, responses=8000, zones=100)
                p, lines = wire.verdict(self.path('m.pcap'), self.path('m.anchors'), '--chain',
                                        self.path('m.chain.pcap'))
                self.assertEqual(p.returncode, 1)
                self.assertIn('not judged', p.stderr)  # TCP and fragments
                self.assertEqual(dict(collections.Counter(line['verdict'] for line in lines)),
                                 counts['verdicts'])
                self.assertEqual(set(counts['verdicts']),
                                 {'secure', 'insecure', 'indeterminate', 'bogus'})
                for line in lines:
                    if line['verdict'] == 'indeterminate':
                        self.assertEqual(line['reason'], 'truncated')

    def test_hostile_messages_are_bogus_each_for_what_it_is(self):
        counts = self.make('m', 'K', responses=4000, zones=100)
        self.assertGreater(counts['longest'], 65000)
        _, lines = wire.verdict(self.path('m.pcap'), self.path('m.anchors'), '--chain',
                                self.path('m.chain.pcap'))
        hostile = [line for line in lines if line['qname'][-3:-1] in HOSTILE]
        self.assertEqual({line['verdict'] for line in hostile}, {'bogus'})
        kinds = [k for k in counts['kinds'] if k['verdict'] == 'bogus']
        self.assertEqual(len(hostile), sum(kind['responses'] for kind in kinds))
        self.assertTrue(all(kind['responses'] > 0 for kind in kinds))
        reasons = {line['reason'] for line in hostile}
        self.assertLessEqual(
            {'budget-failures-per-rrset', 'budget-weight', 'budget-keys-per-tag',
             'budget-dnskeys', 'budget-needed-rrsets', 'budget-nsec3-sha1-blocks',
             'rrsig-missing'}, reasons)

    def test_the_chain_is_secure_or_proves_insecurity(self):
        for mix in ('S', 'I'):
            with self.subTest(mix=mix):
                self.make('m', mix, responses=1)
                p, lines = wire.verdict(self.path('m.chain.pcap'), self.path('m.anchors'))
                self.assertEqual((p.returncode, p.stderr), (0, ''))
                # The root's keys; DS and keys of 50 top-level zones; of 20 zones DS and keys, or
                # the proof that there is no DS.
                self.assertEqual(len(lines), 101 + (40 if mix == 'S' else 20))
                self.assertEqual({line['verdict'] for line in lines}, {'secure'})

    def test_the_chain_of_a_mixed_tree(self):
        for mix, more in (('U', 0), ('K', 9)):
            with self.subTest(mix=mix):
                self.make('m', mix, responses=1, zones=40)
                p, lines = wire.verdict(self.path('m.chain.pcap'), self.path('m.anchors'))
                self.assertEqual((p.returncode, p.stderr), (0, ''))
                # DS and keys of 24 zones, and 16 opt-out spans; of five hostile zones all but the
                # keys of one.
                self.assertEqual(
                    collections.Counter((line['verdict'], line['reason']) for line in lines),
                    {('secure', 'secure'): 101 + 48 + more, ('insecure', 'opt-out'): 16})

    def test_without_the_chain_nothing_is_known(self):
        self.make('m', 'S')
        p, lines = wire.verdict(self.path('m.pcap'), self.path('m.anchors'), '--order', 'strict')
        self.assertEqual(p.returncode, 2, p.stderr)
        self.assertEqual({line['verdict'] for line in lines}, {'indeterminate'})

    def test_by_wirevet(self):
        for mix, promised in (('S', 'secure'), ('I', 'insecure')):
            with self.subTest(mix=mix), tempfile.TemporaryDirectory() as folder:
                self.make('m', mix)
                r = wire.run(folder, self.path('m.outside.pcap'), self.path('m.inside.pcap'),
                             self.path('m.anchors'), [self.path('m.chain.pcap')])
                self.assertEqual(r.returncode, 0, r.stderr)
                lines = r.json_lines('verdicts.jsonl')
                self.assertEqual((len(lines), {line['verdict'] for line in lines}),
                                 (300, {promised}))
                self.assertEqual([o for _, o in r.frames('to_inside.pcap')],
                                 [o for _, o in wire.read_pcap(self.path('m.outside.pcap'))])


    def test_mixed_by_wirevet(self):
        counts = self.make('m', 'U', responses=4000, zones=100)
        with tempfile.TemporaryDirectory() as folder:
            r = wire.run(folder, self.path('m.outside.pcap'), self.path('m.inside.pcap'),
                         self.path('m.anchors'), [self.path('m.chain.pcap')])
            self.assertEqual(r.returncode, 0, r.stderr)
            lines = r.json_lines('verdicts.jsonl')
            self.assertEqual(dict(collections.Counter(line['verdict'] for line in lines)),
                             counts['verdicts'])
            self.assertEqual(len(r.frames('to_inside.pcap')),
                             len(wire.read_pcap(self.path('m.outside.pcap'))))


class Zones(Made):
    """Zone files that servers load."""

    def zones(self, name, seed=3):
        p = traffic('zones', '--zones', '40', '--seed', str(seed), '-o', self.path(name))
        self.assertEqual((p.returncode, p.stdout, p.stderr), (0, '', ''))
        with open(self.path(name + '/zones'), encoding='utf-8') as f:
            return dict(line.split() for line in f)

    def check(self, *words):
        if shutil.which(words[0]) is None:
            self.skipTest('%s is not here' % words[0])
        p = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(p.returncode, 0, '%s: %s%s' % (' '.join(words), p.stdout, p.stderr))

    def test_bind_and_nsd_load_them(self):
        zones = self.zones('z')
        self.assertEqual(len(zones), 91)
        for name, file in zones.items():
            self.check('named-checkzone', '-q', '-i', 'local', name, self.path('z/' + file))
            self.check('nsd-checkzone', name, self.path('z/' + file))

    def test_they_are_signed_whole(self):
        signed = 0
        for name, file in self.zones('z').items():
            path = self.path('z/' + file)
            with open(path, encoding='utf-8') as f:
                if ' DNSKEY ' not in f.read():
                    continue
            signed += 1
            self.check('ldns-verify-zone', '-V', '0', '-t', '20260822180000', path)
        self.assertEqual(signed, 75)  # the root, 50 below it, 24 of 40

    def test_same_seed_same_octets(self):
        for name, seed in (('one', 3), ('two', 3), ('three', 4)):
            self.zones(name, seed)
        for file in ('root.zone', 't5.zone', 'z1.t1.zone', 'zi.ti.zone', 'anchors', 'zones'):
            made = []
            for name in ('one', 'two', 'three'):
                with open(self.path(os.path.join(name, file)), 'rb') as f:
                    made.append(f.read())
            self.assertEqual(made[0], made[1], file)
            if file != 'zones':
                self.assertNotEqual(made[0], made[2], file)


class Usage(Made):
    def test_wrong_words(self):
        out = ('-o', self.path('x.pcap'))
        for words, said in (
                ((), 'usage'), (('capture',), 'usage'), (('capture', '--mix', 'S'), 'usage'),
                (('capture', *out), 'usage'), (('zones', '--mix', 'S', *out), 'want no --mix'),
                (('zones', '--zones', '3', *out), 'want 20 or more for mix U, not 3'),
                (('zones',), 'usage'),
                (('capture', 'twice', '--mix', 'S', *out), 'usage'),
                (('capture', '--mix', 'Z', *out), '--mix: want one of S, I, U, K, not Z'),
                (('capture', '--mix', 'U', '--zones', '19', *out), 'want 20 or more for mix U'),
                (('capture', '--mix', 'S', '--responses', '0', *out), '--responses: want 1 to'),
                (('capture', '--mix', 'S', '--responses', '9x', *out), 'not 9x'),
                (('capture', '--mix', 'S', '--repeat', '100', *out), 'want 0 to 99, not 100'),
                (('capture', '--mix', 'S', '--zones', '-3', *out), 'not -3'),
                (('capture', '--mix', 'S', '--time', '5000000000', *out), '--time: want 0 to'),
                (('capture', '--mix', 'S', '--fast', *out), 'fast')):
            with self.subTest(words=words):
                p = traffic(*words)
                self.assertEqual((p.returncode, p.stdout), (2, ''))
                self.assertIn(said, p.stderr)
                self.assertIn('usage', p.stderr)
        self.assertEqual(os.listdir(self.folder), [])

    def test_help(self):
        p = traffic('--help')
        self.assertEqual((p.returncode, p.stderr), (0, ''))
        self.assertIn('usage', p.stdout)


class Trouble(Made):
    def test_no_such_folder(self):
        p = traffic('capture', '--mix', 'I', '--responses', '10', '--zones', '5', '-o',
                    self.path('none/x.pcap'))
        self.assertEqual(p.returncode, 1)
        self.assertIn(self.path('none/x'), p.stderr)

    def test_a_full_disk_is_told(self):
        if os.geteuid() != 0:
            self.skipTest('only root can mount a small disk')
        if subprocess.run(['unshare', '-m', 'true'], check=False, capture_output=True).returncode:
            self.skipTest('a mount namespace is not allowed here')
        script = 'mount -t tmpfs -o size=64k tmpfs "$1" && cd "$1" && shift && exec "$@"'
        for responses, zones in ((2000, 5), (10, 400)):  # in the traffic; in the chain
            with self.subTest(responses=responses, zones=zones):
                p = subprocess.run(
                    ['unshare', '-m', 'sh', '-c', script, 'sh', self.folder, TRAFFIC, 'capture',
                     '--mix', 'I', '--responses', str(responses), '--zones', str(zones),
                     '-o', 'x.pcap'], capture_output=True, text=True, timeout=120, check=False)
                self.assertEqual((p.returncode, p.stdout), (1, ''))
                self.assertIn('No space left on device', p.stderr)


if __name__ == '__main__':
    unittest.main()
