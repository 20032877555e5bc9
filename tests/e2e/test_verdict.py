"""wirevet-verdict as a program: its words, its exits, and what it does with input that is bad."""
import json
import os
import shutil
import struct
import subprocess
import tempfile
import unittest

import wire
from capture import Datagram  # found by wire

DEMO = os.path.join(wire.ROOT, 'config', 'demo')
ANCHORS = os.path.join(DEMO, 'anchors')
NOBODY = 65534
YEAR = 365 * 86400


def raw_pcap(path, frames):
    """The IP packets of frames without VLAN tags, as link type RAW, in nanoseconds, big endian."""
    with open(path, 'wb') as f:
        f.write(struct.pack('>IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 262144, 101))
        for time, octets in frames:
            seconds, us = divmod(time, 1000000)
            ip = octets[14:]
            f.write(struct.pack('>IIII', seconds, us * 1000, len(ip), len(ip)) + ip)


def block(kind, body):
    body += b'\0' * (-len(body) % 4)
    length = struct.pack('<I', len(body) + 12)
    return struct.pack('<I', kind) + length + body + length


def pcapng(path, frames):
    with open(path, 'wb') as f:
        f.write(block(0x0a0d0d0a, struct.pack('<IHHq', 0x1a2b3c4d, 1, 0, -1)))
        f.write(block(1, struct.pack('<HHI', 1, 0, 262144)))
        for time, octets in frames:
            f.write(block(6, struct.pack('<IIIII', 0, time >> 32, time & 0xffffffff, len(octets),
                                         len(octets)) + octets))


class Verdict(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        os.chmod(cls.folder, 0o755)
        cls.frames, _ = wire.merge(wire.read_pcap(os.path.join(DEMO, 'outside.pcap')),
                                   wire.read_pcap(os.path.join(DEMO, 'inside.pcap')))
        cls.capture = cls.path('both.pcap')
        wire.write_pcap(cls.capture, cls.frames)
        _, cls.lines = wire.verdict(cls.capture, ANCHORS)

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    def write(self, name, octets):
        with open(self.path(name), 'wb') as f:
            f.write(octets)
        return self.path(name)

    def call(self, *words, **more):
        return subprocess.run([wire.VERDICT, *words], stderr=subprocess.PIPE, text=True, timeout=120,
                              check=False, **{'stdout': subprocess.PIPE, **more})

    def trouble(self, p, *words, stdout=''):
        """It ended with 3 and one line on standard error that holds all words."""
        self.assertEqual((p.returncode, p.stdout), (3, stdout), p.stderr)
        self.assertEqual(p.stderr.count('\n'), 1, p.stderr)
        for word in ('wirevet-verdict: ',) + words:
            self.assertIn(word, p.stderr)


class Words(Verdict):
    def test_help_is_on_standard_output(self):
        p = self.call('--help')
        self.assertEqual((p.returncode, p.stderr), (0, ''))
        self.assertIn('usage: wirevet-verdict --anchors FILE', p.stdout)

    def test_wrong_words_are_named_and_end_with_3(self):
        good = ['--anchors', ANCHORS]
        for words, named in (([], 'CAPTURE'), (good, 'CAPTURE'),
                             (good + [self.capture, 'other.pcap'], '"other.pcap"'),
                             ([self.capture], '--anchors'),
                             (good + ['--colour', self.capture], '--colour'),
                             (good + [self.capture, '--time'], '--time'),
                             (good + ['--leg', 'left', self.capture], 'upstream or client'),
                             (good + ['--order', 'none', self.capture], 'any or strict'),
                             *((good + ['--time', t, self.capture], '"%s"' % t)
                               for t in ('', 'now', '-2', '12s', ' 12', '4294967296'))):
            with self.subTest(words=words):
                p = self.call(*words)
                self.assertEqual((p.returncode, p.stdout), (3, ''))
                self.assertIn(named, p.stderr)
                self.assertIn('usage: wirevet-verdict', p.stderr)


class Inputs(Verdict):
    def test_a_capture_that_is_none_says_so(self):
        link = struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 105)
        for path, word in ((self.path('none.pcap'), 'No such file'), (self.folder, 'a folder'),
                           (self.write('empty.pcap', b''), 'empty'),
                           (self.write('text.pcap', b'Lorem ipsum dolor sit amet\n'), 'pcapng'),
                           (self.write('wifi.pcap', link), 'link type 105')):
            for order in ('any', 'strict'):
                with self.subTest(path=path, order=order):
                    p = self.call('--anchors', ANCHORS, '--order', order, path)
                    self.trouble(p, path, word)

    def test_files_without_permission_say_so(self):
        if os.geteuid() != 0:
            self.skipTest('only root can hand over to another user')
        closed = self.path('closed')
        shutil.copy(self.capture, closed)
        os.chmod(closed, 0)
        for words in ((ANCHORS, closed), (closed, self.capture)):
            with self.subTest(words=words):
                p = self.call('--anchors', *words, user=NOBODY, group=NOBODY)
                self.trouble(p, closed, 'Permission denied')

    def test_a_capture_without_frames_is_no_trouble(self):
        wire.write_pcap(self.path('no-frames.pcap'), [])
        p = self.call('--anchors', ANCHORS, self.path('no-frames.pcap'))
        self.assertEqual((p.returncode, p.stdout, p.stderr), (0, '', ''))

    def test_a_cut_capture_gives_the_lines_of_its_whole_frames_first(self):
        with open(self.capture, 'rb') as f:
            octets = f.read()
        whole = self.call('--anchors', ANCHORS, '--order', 'strict', self.capture).stdout
        for cut in (1, 100, len(octets) // 2, len(octets) - 30):
            with self.subTest(cut=cut):
                path = self.write('cut.pcap', octets[:-cut])
                p = self.call('--anchors', ANCHORS, '--order', 'strict', path)
                self.assertTrue(whole.startswith(p.stdout))
                self.trouble(p, path, 'is cut after frame', stdout=p.stdout)
                p = self.call('--anchors', ANCHORS, path)
                self.trouble(p, path, 'is cut after frame', stdout=p.stdout)

    def test_frames_cut_by_the_snapshot_length_are_told(self):
        with open(self.path('snapped.pcap'), 'wb') as f:
            f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 96, 1))
            for time, octets in self.frames:
                head = struct.pack('<IIII', time // 1000000, 0, min(len(octets), 96), len(octets))
                f.write(head + octets[:96])
        p = self.call('--anchors', ANCHORS, self.path('snapped.pcap'))
        self.trouble(p, 'snapped.pcap', 'cut by the snapshot length, first frame', stdout=p.stdout)
        p = self.call('--anchors', ANCHORS, '--chain', self.path('snapped.pcap'), self.capture)
        self.trouble(p, 'snapped.pcap', 'cut by the snapshot length')

    def test_bad_anchors_say_so(self):
        for path, word in ((self.path('none'), 'No such file'), (self.folder, 'a folder'),
                           (self.write('bad', b'. IN DS 1 8 2 zz\n'), ':1: ')):
            with self.subTest(path=path):
                self.trouble(self.call('--anchors', path, self.capture), path, word)

    def test_without_anchors_nothing_is_decided(self):
        p = self.call('--anchors', self.write('no-anchors', b'; none\n'), self.capture)
        self.assertEqual((p.returncode, p.stderr), (2, ''))
        reasons = {json.loads(line)['reason'] for line in p.stdout.splitlines()}
        self.assertIn('no-anchor', reasons)
        self.assertLessEqual(reasons, {'no-anchor', 'rcode', 'not-judged', 'do-not-set', 'truncated'})

    def test_a_bad_configuration_says_so(self):
        for name, text, word in (('none.json', None, 'No such file'),
                                 ('cut.json', b'{"version": 1', ':1:'),
                                 ('key.json', b'{"version": 1, "budget": {}}', 'budgets'),
                                 ('name.json', b'{"version": 1, "trust": {"insecure": ["."]}}',
                                  '/trust/insecure/0: want a name without a trust anchor')):
            with self.subTest(name=name):
                path = self.path(name) if text is None else self.write(name, text)
                p = self.call('--anchors', ANCHORS, '--config', path, self.capture)
                self.trouble(p, path, word)

    def test_a_chain_file_that_cannot_be_read_ends_it(self):
        with open(self.capture, 'rb') as f:
            cut = self.write('cut-chain.pcap', f.read()[:-1])
        for path in (self.path('none.pcap'), cut):
            p = self.call('--anchors', ANCHORS, '--chain', path, self.capture)
            self.trouble(p, path)

    def test_a_stream_is_read_once(self):
        for order in ('any', 'strict'):
            fifo = self.path('fifo-' + order)
            os.mkfifo(fifo)
            with subprocess.Popen(['dd', 'if=' + self.capture, 'of=' + fifo, 'status=none']) as dd:
                p = self.call('--anchors', ANCHORS, '--order', order, fifo)
                if order == 'any':
                    dd.kill()
            if order == 'any':
                self.trouble(p, 'not a stream')
                continue
            self.assertEqual(p.stdout, self.call('--anchors', ANCHORS, '--order', 'strict',
                                                 self.capture).stdout)


class Outputs(Verdict):
    def test_a_full_disk_is_trouble(self):
        with open('/dev/full', 'wb') as full:
            p = self.call('--anchors', ANCHORS, self.capture, stdout=full)
        self.trouble(p, 'standard output', 'No space left', stdout=None)

    def test_a_closed_pipe_is_trouble(self):
        read, write = os.pipe()
        os.close(read)
        p = self.call('--anchors', ANCHORS, self.capture, stdout=write)
        os.close(write)
        self.trouble(p, 'standard output', 'Broken pipe', stdout=None)

    def test_a_closed_standard_output_is_trouble(self):
        p = self.call('--anchors', ANCHORS, self.capture, stdout=None,
                      preexec_fn=lambda: os.close(1))
        self.trouble(p, 'standard output', stdout=None)


class Frames(Verdict):
    def as_before(self, path, **numbers):
        p, lines = wire.verdict(path, ANCHORS)
        self.assertEqual((p.returncode, p.stderr), (1, ''))
        self.assertEqual(lines, self.lines)

    def test_there_is_one_line_for_each_response_in_order(self):
        frames = [line['frame'] for line in self.lines]
        want = [n for n, (_, octets) in enumerate(self.frames, 1)
                if (d := Datagram.parse(octets)) is not None and d.is_response()]
        self.assertEqual(frames, want)

    def test_pcapng_gives_the_same_lines(self):
        pcapng(self.path('same.pcapng'), self.frames)
        self.as_before(self.path('same.pcapng'))

    def test_raw_ip_gives_the_same_lines(self):
        plain = [(t, o if o[12:14] not in (b'\x81\x00', b'\x88\xa8') else o[:12] + o[16:])
                 for t, o in self.frames]
        raw_pcap(self.path('raw.pcap'), plain)
        self.as_before(self.path('raw.pcap'))

    def test_vlan_tags_change_nothing(self):
        tagged = [(t, o[:12] + b'\x88\xa8\0\1\x81\0\0\2' + o[12:]) for t, o in self.frames]
        wire.write_pcap(self.path('tagged.pcap'), tagged)
        self.as_before(self.path('tagged.pcap'))

    def test_tcp_and_fragments_are_counted_aloud(self):
        tcp = (b'\2\0\0\0\0\1\2\0\0\0\0\2\x08\0' + bytes.fromhex('4500002800010000400600000a0000010a000002')
               + struct.pack('!HHIIHHHH', 53, 4242, 1, 2, 0x5010, 1024, 0, 0))
        fragment = (b'\2\0\0\0\0\1\2\0\0\0\0\2\x08\0'
                    + bytes.fromhex('4500001c00012000401100000a0000010a0000020035c00100080000'))
        time = self.frames[-1][0]
        wire.write_pcap(self.path('tcp.pcap'),
                        self.frames + [(time, tcp), (time, fragment), (time, fragment)])
        p, lines = wire.verdict(self.path('tcp.pcap'), ANCHORS)
        self.assertEqual((p.returncode, lines), (1, self.lines))
        self.assertIn('not judged: 1 TCP segments from or to a DNS port, 2 IP fragments', p.stderr)


class Judgement(Verdict):
    def reasons(self, *words, anchors=ANCHORS):
        p, lines = wire.verdict(self.capture, anchors, *words)
        self.assertEqual(p.stderr, '')
        return p.returncode, [line['reason'] for line in lines]

    def test_the_exit_is_that_of_the_worst_response(self):
        of_frame = {line['frame']: line['verdict'] for line in self.lines}
        for verdicts, code in ((('secure', 'insecure'), 0), (('secure', 'indeterminate'), 2),
                               (('indeterminate', 'bogus'), 1)):
            wire.write_pcap(self.path('some.pcap'),
                            [f for n, f in enumerate(self.frames, 1)
                             if of_frame.get(n, verdicts[0]) in verdicts])
            p, _ = wire.verdict(self.path('some.pcap'), ANCHORS, '--chain', self.capture)
            self.assertEqual(p.returncode, code, verdicts)

    def test_a_year_later_all_signatures_have_expired(self):
        time = self.frames[0][0] // 1000000 + YEAR
        code, reasons = self.reasons('--time', str(time))
        self.assertEqual(code, 1)
        self.assertNotIn('secure', reasons)
        self.assertIn('signature-expired', reasons)

    def test_without_a_clock_none_has(self):
        code, reasons = self.reasons('--time', '-1')
        self.assertEqual(code, 1)
        self.assertIn('secure', reasons)
        self.assertNotIn('signature-expired', reasons)

    def test_the_configuration_counts(self):
        path = self.write('insecure.json', b'{"version": 1, "trust": {"insecure": ["test."]}}')
        code, reasons = self.reasons('--config', path)
        before = [line['reason'] for line in self.lines]
        self.assertEqual(code, 1)
        self.assertNotIn('configured-insecure', before)
        self.assertGreater(reasons.count('configured-insecure'), 50)
        self.assertLess(reasons.count('secure'), before.count('secure'))

    def test_a_chain_file_teaches_a_strict_order(self):
        _, without = self.reasons('--order', 'strict')
        _, with_chain = self.reasons('--order', 'strict', '--chain', self.capture)
        self.assertIn('no-chain', without)
        self.assertLess(with_chain.count('no-chain'), without.count('no-chain'))


if __name__ == '__main__':
    unittest.main()
