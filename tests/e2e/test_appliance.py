"""wirevet as a program: its words, its exits, its numbers, and what it does with input that is bad."""
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import unittest

import wire

DEMO = os.path.join(wire.ROOT, 'config', 'demo')
OUTSIDE, INSIDE, ANCHORS = (os.path.join(DEMO, n) for n in
                            ('outside.pcap', 'inside.pcap', 'anchors'))
NOBODY = 65534
NULL_PORTS = {'name': 'live', 'outside': 'net_null0,no-rx=1', 'inside': 'net_null1,no-rx=1'}
OK, TROUBLE, CONFIG = 0, 1, 2


class Appliance(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        os.chmod(self.folder, 0o755)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, octets):
        with open(self.path(name), 'wb') as f:
            f.write(octets)
        return self.path(name)

    def config(self, outside=OUTSIDE, inside=INSIDE, anchors=ANCHORS, preload=(), **more):
        """A configuration on captures, written; its path."""
        c = wire.config(self.folder, outside, inside, anchors, preload, **more)
        return self.write('config.json', json.dumps(c, indent=1).encode())

    def call(self, *words, **more):
        return subprocess.run([wire.WIREVET, *words], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=120, check=False,
                              **{'cwd': wire.ROOT, **more})

    def ends(self, p, status, *words):
        """It ended so, with one line on standard error that holds all words."""
        self.assertEqual((p.returncode, p.stdout), (status, ''), p.stderr)
        self.assertEqual(p.stderr.count('\n'), 1, p.stderr)
        for word in ('wirevet: ',) + words:
            self.assertIn(word, p.stderr)

    def nothing_written(self):
        self.assertEqual([n for n in os.listdir(self.folder) if n.startswith('to_')
                          or n.endswith(('.jsonl', 'stats.json', '.new'))], [])


def as_nobody():
    """Why the program cannot be run as an ordinary user; None: it can."""
    if os.geteuid() != 0:
        return None
    try:
        subprocess.run([wire.WIREVET, '--version'], stdout=subprocess.DEVNULL, check=True,
                       user=NOBODY, group=NOBODY, extra_groups=[])
    except PermissionError:
        return 'an ordinary user cannot reach %s' % wire.WIREVET
    return None


class Words(Appliance):
    def test_help_and_version_are_on_standard_output(self):
        for word, start in (('--help', 'usage: wirevet'), ('-h', 'usage: wirevet'),
                            ('--version', 'wirevet ')):
            p = self.call(word)
            self.assertEqual((p.returncode, p.stderr), (OK, ''))
            self.assertTrue(p.stdout.startswith(start))

    def test_wrong_words_end_with_2(self):
        path = self.config()
        for words, named in (([], '-c FILE'), (['--'], '-c FILE'), (['-c'], "'c'"),
                             (['-c', path, 'more'], '"more"'), (['--colour'], '--colour'),
                             (['--no-pci', '-c', path], '--no-pci'), (['--check-config'], '-c FILE')):
            with self.subTest(words=words):
                p = self.call(*words)
                self.assertEqual((p.returncode, p.stdout), (CONFIG, ''))
                self.assertIn(named, p.stderr)
                self.assertIn('try wirevet --help', p.stderr)

    def test_the_schema_is_json_and_knows_each_section(self):
        p = self.call('--print-schema')
        self.assertEqual((p.returncode, p.stderr), (OK, ''))
        schema = json.loads(p.stdout)
        with open(os.path.join(wire.ROOT, 'config', 'wirevet.json'), encoding='utf-8') as f:
            self.assertEqual(set(schema['properties']), set(json.load(f)))

    def test_what_show_config_prints_is_the_same_configuration(self):
        shown = self.call('-c', self.config(), '--show-config')
        self.assertEqual((shown.returncode, shown.stderr), (OK, ''))
        again = self.call('-c', self.write('again.json', shown.stdout.encode()), '--show-config')
        self.assertEqual(again.stdout, shown.stdout)
        config = json.loads(shown.stdout)
        self.assertEqual((config['mode'], config['workers']['batch_wait_us']), ('enforce', 50))

    def test_memory_is_shown_in_parts_that_add_up(self):
        p = self.call('-c', self.config(), '--show-memory')
        self.assertEqual((p.returncode, p.stderr), (OK, ''))
        head, *parts, total = p.stdout.splitlines()
        self.assertIn('MiB', head)
        self.assertIn('packet buffers', p.stdout)
        self.assertAlmostEqual(sum(float(part.split()[-1]) for part in parts),
                               float(total.split()[-1]), delta=0.05 * len(parts) + 0.1)

    def test_a_configuration_in_order_is_said_nothing_of(self):
        p = self.call('-c', self.config(preload=[OUTSIDE]), '--check-config')
        self.assertEqual((p.returncode, p.stdout, p.stderr), (OK, '', ''))
        self.nothing_written()

    def test_words_before_the_dashes_are_for_eal(self):
        p = self.call('--vdev=net_nosuch7', '--', '-c', self.config())
        self.assertEqual((p.returncode, p.stdout), (CONFIG, ''))
        self.assertIn('net_nosuch7', p.stderr)
        self.assertIn('wirevet: EAL cannot start', p.stderr)


class Settings(Appliance):
    """What a setting names is not as it should be: said with its place, by the check as by a start."""

    def refused(self, path, *words):
        for more in ([], ['--check-config']):
            self.ends(self.call('-c', path, *more), CONFIG, path + ':', *words)
        self.nothing_written()

    def test_the_file_itself(self):
        for name, octets, words in (
                ('none.json', None, ('No such file',)),
                ('empty.json', b'', ('empty file',)),
                ('cut.json', b'{"version": 1', (':1:14: want JSON',)),
                ('key.json', b'{"version": 1, "worker": {}}',
                 (':1:16: /worker: no such setting, nearest is workers',))):
            path = self.path(name) if octets is None else self.write(name, octets)
            p = self.call('-c', path)
            self.ends(p, CONFIG, path, *words)
        self.ends(self.call('-c', self.folder), CONFIG, self.folder, 'not a folder')

    def test_a_driver_that_is_not_there(self):
        self.refused(self.config(drivers={'crypto': 'abacus'}), '/drivers', 'abacus', 'openssl')
        self.refused(self.config(drivers={'hash': 'abacus'}), '/drivers', 'abacus', 'openssl')

    def test_enforce_without_anchors(self):
        self.refused(self.config(validation={'anchors': []}), '/validation/anchors',
                     'want at least one trust anchor in mode enforce, found none')
        empty = self.write('anchors', b'; none yet\n')
        self.refused(self.config(anchors=empty), '/validation/anchors', 'found none')

    def test_monitor_needs_no_anchors(self):
        p = self.call('-c', self.config(validation={'anchors': []}, mode='monitor'), '--check-config')
        self.assertEqual((p.returncode, p.stderr), (OK, ''))

    def test_anchors_that_are_none(self):
        for path, word in ((self.path('none'), 'No such file'), (self.folder, 'folder'),
                           (self.write('bad', b'. IN DS 1 8 2 zz\n'), 'bad:1: ')):
            with self.subTest(path=path):
                self.refused(self.config(anchors=path), '/validation/anchors/0', path, word)

    def test_captures_that_are_none(self):
        link = struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 101)
        for path, word in ((self.path('none.pcap'), 'No such file'), (self.folder, 'a folder'),
                           (self.write('empty.pcap', b''), 'empty'),
                           (self.write('text.pcap', b'Lorem ipsum dolor sit amet\n'), 'pcapng'),
                           (self.write('raw.pcap', link), 'raw IP')):
            with self.subTest(path=path):
                self.refused(self.config(outside=path), '/pairs/0/outside', path, word)
                self.refused(self.config(inside=path), '/pairs/0/inside', path, word)
        self.refused(self.config(preload=[OUTSIDE, self.path('none.pcap')]), '/trust/preload/1',
                     'No such file')

    def test_outputs_that_cannot_be(self):
        words = 'net_pcap0,rx_pcap=%s,tx_pcap=%s'
        twin = words.replace('net_pcap0', 'net_pcap1')
        shutil.copy(OUTSIDE, self.path('in.pcap'))
        good = words % (self.path('in.pcap'), self.path('to_outside.pcap'))
        with open(self.path('in.pcap'), 'rb') as f:
            before = f.read()
        for outside, inside, at, word in (
                (good, twin % (INSIDE, self.path('no/x.pcap')), '/inside', 'No such file'),
                (good, twin % (INSIDE, self.folder), '/inside', 'not a folder'),
                (good, twin % (INSIDE, self.path('in.pcap')), '/inside', 'of its own'),
                (good, twin % (INSIDE, self.folder + '/./in.pcap'), '/inside', 'of its own'),
                (good, twin % (INSIDE, self.path('to_outside.pcap')), '/inside', 'of its own'),
                (good, twin % (self.path('in.pcap'), self.path('in.pcap')), '/inside', 'of its own')):
            with self.subTest(inside=inside):
                pairs = [{'name': 'x', 'outside': outside, 'inside': inside}]
                self.refused(self.config(pairs=pairs), '/pairs/0' + at, word)
        with open(self.path('in.pcap'), 'rb') as f:
            self.assertEqual(f.read(), before)

    def test_files_that_are_read_are_not_written(self):
        capture, anchors = self.path('in.pcap'), self.path('anchors')
        shutil.copy(OUTSIDE, capture)
        shutil.copy(ANCHORS, anchors)
        for section, key in (('events', 'file'), ('events', 'verdicts'), ('stats', 'file')):
            for name, at in ((capture, '/trust/preload/0'), (anchors, '/validation/anchors/0'),
                             (self.path('config.json'), '-c'),
                             (self.path('to_outside.pcap'), '/pairs/0/outside')):
                with self.subTest(key=key, name=name):
                    more = {'events': {'file': '', 'verdicts': ''}, 'stats': {'file': ''}}
                    more[section][key] = name
                    path = self.config(anchors=anchors, preload=[capture], **more)
                    self.refused(path, '/%s/%s: ' % (section, key),
                                 name + ': want a file of its own to write, not that of ' + at)

    def test_files_that_cannot_be_written(self):
        for section, key in (('events', 'file'), ('events', 'verdicts'), ('stats', 'file')):
            for bad, word in ((self.path('no/x'), 'No such file'), (self.folder, 'not a folder')):
                with self.subTest(key=key, bad=bad):
                    more = {'events': {'file': '', 'verdicts': ''}, 'stats': {'file': ''}}
                    more[section][key] = bad
                    self.refused(self.config(**more), '/%s/%s: ' % (section, key), bad, word)

    def test_cores_that_are_not_there(self):
        self.refused(self.config(cores={'control': 1000}), '/cores/control', 'not 1000')
        self.refused(self.config(cores={'control': 0, 'io': [1001], 'workers': [1]}),
                     '/cores/io/0', 'not 1001')

    def test_too_little_memory(self):
        self.refused(self.config(eal={'memory_mib': 64}, rings={'size': 65536}),
                     '/eal/memory_mib: want at least', 'not 64')

    def test_packet_time_without_captures(self):
        self.refused(self.config(pairs=[NULL_PORTS]), '/clock', 'captures')

    def test_too_few_hugepages(self):
        self.refused(self.config(eal={'memory': 'huge', 'memory_mib': 1 << 20}),
                     '/eal/memory: want 1048576 MiB', 'of free hugepages, found')

    def test_words_that_a_device_does_not_know(self):
        pairs = [{'name': 'x', 'outside': 'net_null0,no-rx=1,colour=red', 'inside': 'net_null1,no-rx=1'}]
        p = self.call('-c', self.config(pairs=pairs, clock='system'))
        self.assertEqual((p.returncode, p.stdout), (CONFIG, ''))
        self.assertIn('/pairs/0/outside: port net_null0: no such device', p.stderr)
        self.assertIn('EAL: Bus (vdev) probe failed', p.stderr)

    def test_an_interface_that_is_not_there(self):
        pairs = [{'name': 'x', 'outside': 'net_pcap0,iface=nosuch0', 'inside': 'net_null0,no-rx=1'}]
        self.refused(self.config(pairs=pairs, clock='system'), '/pairs/0/outside',
                     'nosuch0: there is no such interface')

    def test_a_device_that_is_not_there(self):
        pairs = [{'name': 'x', 'outside': '0000:ff:1f.7', 'inside': 'net_null0,no-rx=1'}]
        p = self.call('-c', self.config(pairs=pairs, clock='system'))
        self.assertEqual((p.returncode, p.stdout), (CONFIG, ''))
        self.assertIn('0000:ff:1f.7', p.stderr)


class Damage(Appliance):
    """A capture that is one, but not whole: nothing is done with the rest of it."""

    def damaged(self, path, *words):
        for side in ('outside', 'inside'):
            p = self.call('-c', self.config(**{side: path}))
            self.ends(p, TROUBLE, '/pairs/0/' + side, path, *words)
            self.nothing_written()

    def test_cut_files(self):
        with open(OUTSIDE, 'rb') as f:
            octets = f.read()
        for left in (len(octets) - 1, len(octets) // 2, 30):
            with self.subTest(left=left):
                self.damaged(self.write('cut.pcap', octets[:left]), 'cut')

    def test_cut_frames(self):
        out = struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 96, 1)
        for time_us, octets in wire.read_pcap(OUTSIDE):
            out += struct.pack('<IIII', time_us // 1000000, time_us % 1000000,
                               min(len(octets), 96), len(octets)) + octets[:96]
        self.damaged(self.write('snapped.pcap', out), 'cut by the snapshot length')


class Users(Appliance):
    def setUp(self):
        super().setUp()
        why = as_nobody()
        if why is not None:
            self.skipTest(why)
        self.user = {}
        if os.geteuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
            self.user = {'user': NOBODY, 'group': NOBODY, 'extra_groups': []}
        env = {k: v for k, v in os.environ.items()
               if k not in ('XDG_RUNTIME_DIR', 'RUNTIME_DIRECTORY')}
        self.user['env'] = {**env, 'HOME': '/'}

    def closed(self, source):
        path = self.path('closed')
        shutil.copy(source, path)
        os.chmod(path, 0)
        return path

    def test_an_ordinary_user_needs_no_rights_and_leaves_nothing_behind(self):
        before = set(os.listdir('/tmp'))
        p = self.call('-c', self.config(preload=[OUTSIDE]), **self.user)
        self.assertEqual((p.returncode, p.stdout, p.stderr), (OK, '', ''))
        self.assertEqual(len(wire.read_pcap(self.path('to_inside.pcap'))),
                         len(wire.read_pcap(OUTSIDE)))
        self.assertEqual({n for n in set(os.listdir('/tmp')) - before if n.startswith('wirevet-')
                          and os.stat('/tmp/' + n).st_uid == os.stat(self.folder).st_uid}, set())

    def test_files_without_permission_say_so(self):
        for more, at in (({'outside': self.closed(OUTSIDE)}, '/pairs/0/outside'),
                         ({'anchors': self.closed(ANCHORS)}, '/validation/anchors/0'),
                         ({'preload': [self.closed(OUTSIDE)]}, '/trust/preload/0')):
            with self.subTest(at=at):
                p = self.call('-c', self.config(**more), **self.user)
                self.ends(p, CONFIG, at, self.path('closed'), 'Permission denied')
        path = self.config()
        os.chmod(path, 0)
        self.ends(self.call('-c', path, **self.user), CONFIG, path, 'Permission denied')

    def test_folders_without_permission_say_so(self):
        if os.geteuid() != 0:
            self.skipTest('only root can close a folder to another user')
        path = self.config()
        os.chown(self.folder, 0, 0)
        p = self.call('-c', path, **self.user)
        self.ends(p, CONFIG, '/pairs/0/outside', 'to_outside.pcap', 'Permission denied')

    def test_interfaces_need_a_right(self):
        pairs = [{'name': 'x', 'outside': 'net_pcap0,iface=lo', 'inside': 'net_null0,no-rx=1'}]
        p = self.call('-c', self.config(pairs=pairs, clock='system'), **self.user)
        self.ends(p, CONFIG, '/pairs/0/outside', 'CAP_NET_RAW')


class FullDisk(Appliance):
    """On a tmpfs of a few pages, in a mount namespace of its own."""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest('only root can mount a small disk')
        os.mkdir(self.path('small'))
        if subprocess.run(['unshare', '-m', 'true'], check=False, capture_output=True).returncode:
            self.skipTest('a mount namespace is not allowed here')

    def fills(self, kib, small, **more):
        c = wire.config(self.folder, OUTSIDE, INSIDE, ANCHORS, [OUTSIDE], **more)
        path = self.write('config.json', json.dumps(c).replace(self.path(small),
                                                               self.path('small/x')).encode())
        script = 'mount -t tmpfs -o size=%dk tmpfs "$1" && shift && exec "$@"' % kib
        return subprocess.run(['unshare', '-m', 'sh', '-c', script, 'sh', self.path('small'),
                               wire.WIREVET, '-c', path], capture_output=True, text=True,
                              timeout=120, check=False, cwd=wire.ROOT)

    def test_packets_that_find_no_room_are_told(self):
        p = self.fills(16, 'to_inside.pcap')
        self.ends(p, TROUBLE, 'small/x: wrote ', ' of %d packets' % len(wire.read_pcap(OUTSIDE)))

    def test_lines_that_find_no_room_are_told(self):
        for small, at in (('verdicts.jsonl', '/events/verdicts'), ('events.jsonl', '/events/file')):
            with self.subTest(file=small):
                p = self.fills(4, small)
                self.assertEqual((p.returncode, p.stdout), (TROUBLE, ''))
                self.assertIn(at + ': not all lines could be written: No space left', p.stderr)

    def test_numbers_that_find_no_room_are_told(self):
        # One page, and it is taken: by the verdicts, which come first.
        c = {'events': {'verdicts': self.path('small/verdicts')}}
        p = self.fills(4, 'stats.json', **c)
        self.assertEqual((p.returncode, p.stdout), (TROUBLE, ''))
        self.assertIn('small/x: cannot be written: No space left', p.stderr)


class Numbers(Appliance):
    """One source: the file, telemetry, and what was really there."""

    def test_the_file_counts_what_passed(self):
        p = self.call('-c', self.config(preload=[OUTSIDE]))
        self.assertEqual((p.returncode, p.stdout, p.stderr), (OK, '', ''))
        with open(self.path('stats.json'), encoding='utf-8') as f:
            stats = json.load(f)
        with open(self.path('verdicts.jsonl'), encoding='utf-8') as f:
            lines = [json.loads(line) for line in f]
        frames = {'outside': wire.read_pcap(OUTSIDE), 'inside': wire.read_pcap(INSIDE)}
        n = sum(len(f) for f in frames.values())
        self.assertEqual((stats['rx_packets'], stats['tx_packets'], stats['lost'],
                          stats['under_way']), (n, n, 0, 0))
        for side, those in frames.items():
            self.assertEqual(sum(stats['packets']['test/' + side].values()), len(those))
        counted = {(verdict, reason, action): count
                   for verdict, reasons in stats['responses'].items()
                   for reason, actions in reasons.items() for action, count in actions.items()}
        written = {}
        for line in lines:
            key = (line['verdict'], line['reason'], line['action'])
            written[key] = written.get(key, 0) + 1
        self.assertEqual(counted, written)
        self.assertGreater(stats['batch']['ECDSAP256SHA256']['good'], 0)
        self.assertGreater(stats['trust']['zones'], 3)
        self.assertEqual(len(stats['cores']), 1)
        self.assertEqual([(c['io'], c['worker']) for c in stats['cores'].values()], [(1, 1)])

    def test_each_budget_has_a_counter_by_its_setting(self):
        p = self.call('-c', self.config(preload=[OUTSIDE], budgets={'ds': 1, 'cname_chain': 1}))
        self.assertEqual((p.returncode, p.stdout, p.stderr), (OK, '', ''))
        with open(self.path('stats.json'), encoding='utf-8') as f:
            exceeded = json.load(f)['budget_exceeded']
        with open(self.path('verdicts.jsonl'), encoding='utf-8') as f:
            lines = [json.loads(line) for line in f]
        with open(os.path.join(wire.ROOT, 'config', 'wirevet.json'), encoding='utf-8') as f:
            self.assertEqual(set(exceeded), set(json.load(f)['budgets']))
        for budget, n in exceeded.items():
            reason = {'nsec3_iterations_insecure': 'nsec3-iterations',
                      'nsec3_iterations_bogus': 'nsec3-iterations-bogus'}.get(
                          budget, 'budget-' + budget.replace('_', '-'))
            self.assertEqual(n, sum(reason in [line['reason']] + [s['reason'] for s in line['rrsets']]
                                    for line in lines), budget)
        self.assertGreater(sum(exceeded.values()), 0)

    def test_monitor_passes_and_counts_what_enforce_would_block(self):
        p = self.call('-c', self.config(preload=[OUTSIDE], mode='monitor'))
        self.assertEqual((p.returncode, p.stdout, p.stderr), (OK, '', ''))
        with open(self.path('stats.json'), encoding='utf-8') as f:
            stats = json.load(f)
        bogus = {reason: sum(actions.values())
                 for reason, actions in stats['responses']['bogus'].items()}
        self.assertGreater(len(bogus), 2)
        self.assertEqual(stats['would_block'], bogus)
        # Answers to different questions may change their order.
        self.assertEqual(sorted(o for _, o in wire.read_pcap(self.path('to_inside.pcap'))),
                         sorted(o for _, o in wire.read_pcap(OUTSIDE)))


class Plans(Appliance):
    """Other cores and more pairs: the same comes out."""

    def verdicts(self):
        with open(self.path('verdicts.jsonl'), encoding='utf-8') as f:
            return sorted((line['port'].split('/')[-1], line['frame'], line['reason'],
                           line['action']) for line in map(json.loads, f))

    def test_a_core_beside_control_and_two_pairs(self):
        p = self.call('-c', self.config(preload=[OUTSIDE]))
        self.assertEqual((p.returncode, p.stderr), (OK, ''))
        solo = self.verdicts()
        self.assertGreater(len(solo), 100)
        pair = {'name': 'more', 'outside': 'net_pcap2,rx_pcap=%s,tx_pcap=%s'
                % (OUTSIDE, self.path('to_outside2.pcap')),
                'inside': 'net_pcap3,rx_pcap=%s,tx_pcap=%s' % (INSIDE, self.path('to_inside2.pcap'))}
        pairs = wire.config(self.folder, OUTSIDE, INSIDE, ANCHORS)['pairs'] + [pair]
        p = self.call('-c', self.config(preload=[OUTSIDE], pairs=pairs))
        self.assertEqual((p.returncode, p.stderr), (OK, ''))
        self.assertEqual(self.verdicts(), sorted(2 * solo))
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) < 2:
            self.skipTest('one core alone')
        p = self.call('-c', self.config(preload=[OUTSIDE], cores={
            'control': cores[0], 'io': [cores[1]], 'workers': [cores[1]]}))
        self.assertEqual((p.returncode, p.stderr), (OK, ''))
        self.assertEqual(self.verdicts(), solo)


class Live(Appliance):
    """On ports without an end."""

    def begin(self, **more):
        path = self.config(**{'clock': 'system', 'pairs': [NULL_PORTS],
                              'stats': {'telemetry': True}, **more})
        p = subprocess.Popen([wire.WIREVET, '-c', path], stdout=subprocess.PIPE, text=True,
                             stderr=subprocess.PIPE, cwd=wire.ROOT, env=self.env())
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.stderr.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        self.until(lambda: os.path.exists(self.path('stats.json')), p)
        return p

    def env(self):
        return {**os.environ, 'RUNTIME_DIRECTORY': self.folder}

    def until(self, holds, p):
        end = time.monotonic() + 60
        while not holds():
            self.assertIsNone(p.poll(), p.poll() is not None and p.stderr.read())
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def stats(self):
        with open(self.path('stats.json'), encoding='utf-8') as f:
            return json.load(f)

    def finish(self, p, number):
        p.send_signal(number)
        out, err = p.communicate(timeout=60)
        self.assertEqual((p.returncode, out, err), (OK, '', ''))

    def ask(self, command):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.settimeout(20)
            s.connect(os.path.join(self.folder, 'dpdk', 'wv%d' % os.getpid(), 'dpdk_telemetry.v2'))
            s.recv(1024)
            s.send(command.encode())
            return json.loads(s.recv(65536))[command]

    def test_signals_end_it_well(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            p = self.begin()
            os.unlink(self.path('stats.json'))
            self.finish(p, number)
            self.assertEqual(self.stats()['rx_packets'], 0)
            os.unlink(self.path('stats.json'))

    def test_numbers_are_renewed_each_second_and_the_same_in_telemetry(self):
        p = self.begin()
        self.until(lambda: self.stats()['run_us'] >= 2000000, p)
        told = self.ask('/wirevet/stats')
        stats = self.stats()

        def shape(value):
            if isinstance(value, dict):
                return {k.replace('-', '_'): shape(v) for k, v in value.items()}
            return type(value)
        self.assertEqual(shape(told), shape(stats))
        self.assertEqual(told['tsc_hz'], stats['tsc_hz'])
        cores = self.ask('/wirevet/cores')
        self.assertEqual([(c['io'], c['worker']) for c in cores.values()], [(1, 1)])
        self.assertGreater(list(cores.values())[0]['turns'], 0)
        memory = self.ask('/wirevet/memory')
        total = memory.pop('total_octets')
        self.assertEqual(sum(part['octets'] for part in memory.values()), total)
        self.finish(p, signal.SIGTERM)

    def test_no_telemetry_where_it_is_off(self):
        p = self.begin(stats={'telemetry': False})
        self.assertFalse(os.path.exists(os.path.join(self.folder, 'dpdk', 'wv%d' % os.getpid(),
                                                     'dpdk_telemetry.v2')))
        self.finish(p, signal.SIGTERM)

    def test_two_of_one_name_do_not_run(self):
        first = self.begin()
        second = self.call('-c', self.path('config.json'), env=self.env())
        self.assertEqual((second.returncode, second.stdout), (CONFIG, ''))
        self.assertIn('/eal/file_prefix: want a name of its own', second.stderr)
        self.assertIn('process %d' % first.pid, second.stderr)
        self.finish(first, signal.SIGTERM)


if __name__ == '__main__':
    unittest.main()
