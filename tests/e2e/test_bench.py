"""wirevet-bench and scripts/bench: what they print, and how they end. No word about how fast."""
import json
import os
import subprocess
import tempfile
import unittest

import wire

BENCH = os.path.join(wire.BUILD, 'app', 'wirevet-bench')
SCRIPT = os.path.join(wire.ROOT, 'scripts', 'bench')

WANTED = {
    'mix', 'repeat', 'zones', 'responses', 'queries', 'seed', 'plan', 'workers', 'driver',
    'hugepages', 'packets_per_second', 'cycles_per_packet', 'worker_cycles_per_response',
    'forward_packets_per_second', 'ratio', 'verdicts', 'lost', 'runs', 'spread', 'tsc_hz', 'cpu',
    'compiler'}


HOSTILE = {'worst_message_cycles', 'worst_message', 'worst_message_bound_cycles',
           'worst_message_ratio', 'worst_message_within_bound', 'check_cycles', 'messages'}


def bench(*words, **more):
    return subprocess.run([BENCH, *words], capture_output=True, text=True, timeout=300,
                          check=False, **more)


class Path(unittest.TestCase):
    def measure(self, mix, *words):
        p = bench('path', '--mix', mix, '--responses', '1000', '--zones', '50', '--runs', '1',
                  '--json', *words)
        self.assertEqual(p.returncode, 0, p.stderr)
        results = json.loads(p.stdout)
        cores = len(os.sched_getaffinity(0))
        self.assertEqual([r['plan'] for r in results], ['solo', 'split'] if cores > 1 else ['solo'])
        self.assertEqual('split is left out' in p.stderr, cores == 1)
        for r in results:
            self.assertEqual(set(r), WANTED | (HOSTILE if mix == 'K' else set()))
            self.assertEqual((r['mix'], r['responses'], r['zones'], r['runs'], r['workers']),
                             (mix, 1000, 50, 1, 1))
            self.assertEqual(r['lost'], 0)
            for key in ('packets_per_second', 'cycles_per_packet', 'worker_cycles_per_response',
                        'forward_packets_per_second', 'ratio', 'tsc_hz'):
                self.assertGreater(r[key], 0, key)
            self.assertAlmostEqual(r['cycles_per_packet'] * r['packets_per_second'] / r['tsc_hz'],
                                   1, delta=0.01)
            self.assertAlmostEqual(r['ratio'],
                                   r['packets_per_second'] / r['forward_packets_per_second'],
                                   delta=0.001 + r['ratio'] * 0.01)
        return results

    def verdicts(self, results, verdict):
        for r in results:
            want = dict.fromkeys(('secure', 'insecure', 'indeterminate', 'bogus'), 0)
            want[verdict] = 1000
            self.assertEqual(r['verdicts'], want)

    def test_unsigned_answers_are_insecure(self):
        results = self.measure('I')
        self.verdicts(results, 'insecure')
        self.assertTrue(all(r['queries'] for r in results))

    def test_without_queries(self):
        results = self.measure('I', '--queries', 'off', '--repeat', '90')
        self.verdicts(results, 'insecure')
        self.assertFalse(any(r['queries'] for r in results))

    def test_signed_answers_are_secure(self):
        results = self.measure('S', '--driver', 'openssl', '--seed', '7')
        self.verdicts(results, 'secure')
        self.assertEqual({(r['driver'], r['seed']) for r in results}, {('openssl', 7)})

    def test_upstream_traffic_has_all_verdicts(self):
        for r in self.measure('U', '--repeat', '50'):
            judged = sum(r['verdicts'].values())
            self.assertTrue(930 < judged < 1000, judged)  # the others come over TCP
            self.assertAlmostEqual(r['verdicts']['insecure'] / judged, 0.6, delta=0.06)
            self.assertAlmostEqual(r['verdicts']['secure'] / judged, 0.4, delta=0.06)

    def test_hostile_messages_are_measured_alone(self):
        for r in self.measure('K'):
            self.assertGreater(r['verdicts']['bogus'], 5)
            messages = {m['kind']: m for m in r['messages']}
            worst = messages[r['worst_message']]
            self.assertEqual(worst['cycles'], max(m['cycles'] for m in r['messages']))
            self.assertEqual((worst['cycles'], worst['bound_cycles']),
                             (r['worst_message_cycles'], r['worst_message_bound_cycles']))
            self.assertEqual(r['worst_message_ratio'], max(m['ratio'] for m in r['messages']))
            self.assertEqual(r['worst_message_within_bound'], r['worst_message_ratio'] <= 1)
            checks = r['check_cycles']
            self.assertGreater(checks['64 ECDSAP256SHA256'], checks['ECDSAP256SHA256'])
            for m in r['messages']:
                self.assertGreaterEqual(m['bound_cycles'], checks['64 ECDSAP256SHA256'] / 4)
                self.assertNotEqual(m['reason'], 'malformed')

    def test_on_one_core_split_is_left_out(self):
        core = min(os.sched_getaffinity(0))
        p = bench('path', '--responses', '100', '--zones', '5', '--runs', '1', '--json',
                  preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertEqual([r['plan'] for r in json.loads(p.stdout)], ['solo'])
        self.assertIn('plan split is left out', p.stderr)

    def test_a_table_has_a_line_for_each_plan(self):
        p = bench('path', '--responses', '100', '--zones', '5', '--runs', '1')
        self.assertEqual(p.returncode, 0, p.stderr)
        lines = p.stdout.splitlines()
        self.assertEqual(len(lines), 3 if len(os.sched_getaffinity(0)) > 1 else 2)
        self.assertEqual(len({len(line) for line in lines}), 1, lines)

    def test_output_that_cannot_be_written_is_trouble(self):
        with open('/dev/full', 'w', encoding='utf-8') as full:
            p = subprocess.run([BENCH, 'path', '--responses', '100', '--zones', '5', '--runs', '1'],
                               stdout=full, stderr=subprocess.PIPE, text=True, timeout=300,
                               check=False)
        self.assertEqual(p.returncode, 1)
        self.assertIn('cannot be written', p.stderr)


class Crypto(unittest.TestCase):
    WANTED = {
        'algorithm', 'bits', 'driver', 'keys', 'distribution', 'tables', 'first_seen', 'tabled',
        'table_octets', 'group', 'signatures', 'seed', 'verifies_per_second', 'cycles',
        'reference_signatures', 'reference_per_second', 'ratio', 'runs', 'spread', 'tsc_hz', 'cpu',
        'compiler'}
    VECTORS = os.path.join(wire.ROOT, 'tests', 'vectors', 'crafted.txt')

    def measure(self, *words):
        p = bench('crypto', '--runs', '1', '--signatures', '256', '--json', *words)
        self.assertEqual((p.returncode, p.stderr), (0, ''))
        rows = json.loads(p.stdout)
        for r in rows:
            self.assertEqual(set(r), self.WANTED)
            self.assertEqual((r['runs'], r['signatures']), (1, 256))
            self.assertFalse(r['tables'] and r['first_seen'])
            for key in ('verifies_per_second', 'cycles', 'reference_per_second', 'ratio', 'group'):
                self.assertGreater(r[key], 0, key)
            self.assertAlmostEqual(r['cycles'] * r['verifies_per_second'] / r['tsc_hz'], 1,
                                   delta=0.02)
        return rows

    def test_every_algorithm_and_number_of_keys(self):
        rows = self.measure('--keys', '4,1000')
        self.assertEqual({(r['algorithm'], r['bits']) for r in rows}, {
            ('RSASHA256', 1024), ('RSASHA256', 2048), ('RSASHA256', 4096), ('ECDSAP256SHA256', 256),
            ('ECDSAP384SHA384', 384), ('ED25519', 255), ('ED448', 448)})
        self.assertEqual({(r['keys'], r['distribution']) for r in rows},
                         {(4, 'uniform'), (1000, 'zipf')})

    def test_sizes_of_rsa(self):
        rows = self.measure('--algorithm', 'rsasha1,RSASHA512', '--bits', '1280,1536,3072',
                            '--keys', '2', '--seed', '5')
        self.assertEqual({(r['algorithm'], r['bits'], r['seed']) for r in rows},
                         {(a, n, 5) for a in ('RSASHA1', 'RSASHA512') for n in (1280, 1536, 3072)})

    def test_openssl_has_no_tables(self):
        rows = self.measure('--algorithm', 'ED25519', '--keys', '2', '--driver', 'openssl')
        self.assertEqual([(r['driver'], r['tables'], r['first_seen']) for r in rows],
                         [('openssl', False, False)])

    def test_a_table_has_a_line_for_each(self):
        p = bench('crypto', '--runs', '1', '--signatures', '64', '--algorithm', 'ED25519',
                  '--keys', '2', '--driver', 'openssl')
        self.assertEqual((p.returncode, p.stderr), (0, ''))
        self.assertEqual(len([n for n in p.stdout.splitlines() if n.startswith('ED25519')]), 1)

    def test_crafted_lines_pass(self):
        p = bench('crypto', '--vectors', self.VECTORS)
        with open(self.VECTORS, encoding='ascii') as file:
            n = len([line for line in file if not line.startswith('#')])
        self.assertEqual((p.returncode, p.stderr, p.stdout), (0, '', f'{n} passed, 0 failed\n'))

    def lines(self, text):
        with tempfile.NamedTemporaryFile('w', suffix='.txt') as file:
            file.write(text)
            file.flush()
            p = bench('crypto', '--vectors', file.name)
            return p, file.name

    def test_a_line_that_fails_is_named(self):
        with open(self.VECTORS, encoding='ascii') as file:
            good = next(line for line in file if line.startswith('13') and '\tvalid' in line)
        wrong = good.replace('\tvalid\tP-256: a', '\tinvalid\tno')
        p, name = self.lines(good + wrong + good.replace('valid', 'acceptable'))
        self.assertEqual(p.returncode, 1)
        said = p.stdout.splitlines()
        self.assertEqual(said[-1], '2 passed, 1 failed')
        self.assertTrue(said[0].startswith(f'{name}:2: no'), said)
        self.assertIn('openssl: want invalid, not valid', p.stdout)

    def test_a_bad_file_is_refused(self):
        for text, said in (('', ':1: want a line'), ('# none\n', ':1: want a line'),
                           ('13\t00\t00\t00\tvalid\n', ':1: want 6 fields'),
                           ('#\n12\t00\t00\t00\tvalid\tid\n', ':2: want an algorithm'),
                           ('x\t00\t00\t00\tvalid\tid\n', ':1: want an algorithm'),
                           ('13\t0\t00\t00\tvalid\tid\n', ':1: want a key in hexadecimal, not 0'),
                           ('13\t00\t0g\t00\tvalid\tid\n', ':1: want a message in hexadecimal'),
                           ('13\t00\t00\tzz\tvalid\tid\n', ':1: want a signature in hex'),
                           ('13\t00\t00\t00\tperhaps\tid\n',
                            ':1: want valid, invalid or acceptable, not perhaps')):
            with self.subTest(text=text):
                p, name = self.lines(text)
                self.assertEqual((p.returncode, p.stdout), (2, ''))
                self.assertIn(name + said, p.stderr)

    def test_trials_add_up(self):
        words = ('--algorithm', 'ED25519,RSASHA256', '--bits', '1024', '--seed', '3')
        with tempfile.TemporaryDirectory() as folder:
            state = os.path.join(folder, 'state')
            for n in (1000, 3000, 2000):
                p = bench('crypto', '--trials', str(n), '--state', state, *words)
                self.assertEqual((p.returncode, p.stderr), (0, ''))
            with open(state, encoding='ascii') as file:
                kept = file.read()
            p = bench('crypto', '--trials', '3000', *words)
            self.assertEqual((p.returncode, p.stdout), (0, kept))
            for line in kept.splitlines()[1:]:
                counts = line.split('\t')
                self.assertEqual((counts[3], counts[4], counts[-1]), ('3', '3072', '0'))
            with open(state, 'a', encoding='ascii') as file:
                file.write('nonsense\n')
            p = bench('crypto', '--trials', '3000', '--state', state, *words)
            self.assertEqual(p.returncode, 2)
            self.assertIn('want counts of trials, not nonsense', p.stderr)


class Digest(unittest.TestCase):
    """One run of each, and no word about how fast; wrong digests are trouble."""
    PLACE = {'runs', 'spread', 'tsc_hz', 'cpu', 'compiler'}
    DIGEST = PLACE | {'hash', 'octets', 'octets_min', 'octets_max', 'batch', 'driver',
                      'digests_per_second', 'cycles', 'reference_per_second', 'ratio'}
    NSEC3 = DIGEST | {'iterations', 'salt'}
    WORTH = PLACE | {'hash', 'octets', 'driver', 'beside', 'least', 'table'}

    def measure(self, *words):
        p = bench('digest', '--runs', '1', '--json', *words)
        self.assertEqual((p.returncode, p.stderr), (0, ''))
        return json.loads(p.stdout)

    def numbers(self, r):
        for key in ('digests_per_second', 'cycles', 'reference_per_second', 'ratio', 'tsc_hz'):
            self.assertGreater(r[key], 0, key)
        self.assertAlmostEqual(r['cycles'] * r['digests_per_second'] / r['tsc_hz'], 1, delta=0.05)
        self.assertLessEqual(r['octets_min'], r['octets'])
        self.assertLessEqual(r['octets'], r['octets_max'])

    def test_every_driver_has_its_rows(self):
        hashes, drivers = set(), set()
        for r in self.measure():
            self.assertEqual(r['runs'], 1)
            if 'beside' in r:
                self.assertEqual(set(r), self.WORTH)
                continue
            self.assertEqual(set(r), self.NSEC3 if r['hash'] == 'NSEC3' else self.DIGEST)
            self.numbers(r)
            hashes.add(r['hash'])
            drivers.add(r['driver'])
        self.assertEqual(hashes, {'SHA-1', 'SHA-256', 'SHA-384', 'SHA-512', 'NSEC3'})
        self.assertLessEqual({'auto', 'openssl'}, drivers)

    def test_a_driver_alone(self):
        rows = self.measure('--driver', 'openssl')
        self.assertEqual({r['driver'] for r in rows}, {'openssl'})


class Usage(unittest.TestCase):
    def test_wrong_words(self):
        for words, said in (
                ((), 'usage'), (('abacus',), ', not abacus'),
                (('path', 'more'), 'want path with options alone, not more'), (('path', '--bits', '2048'), 'bits'),
                (('path', '--mix', 'Z'), '--mix: want one of S, I, U, K, not Z'),
                (('path', '--mix', 'U', '--zones', '5'), 'want 20 or more for mix U'),
                (('path', '--queries', 'yes'), '--queries: want on or off, not yes'),
                (('path', '--responses', '0'), '--responses: want 1 to'),
                (('path', '--responses', '1e6'), 'not 1e6'),
                (('path', '--repeat', '100'), '--repeat: want 0 to 99, not 100'),
                (('path', '--zones', '-1'), '--zones: want 1 to 1000000, not -1'),
                (('path', '--runs', ''), '--runs: want 1 to'),
                (('path', '--driver', 'abacus'), 'abacus'), (('path', '--seed'), 'seed'),
                (('crypto', 'more'), 'want crypto with options alone, not more'),
                (('crypto', '--bits', '511'), '--bits: want at most 8 numbers of 512 to 4096'),
                (('crypto', '--keys', '16,,64'), 'not 16,,64'),
                (('crypto', '--algorithm', 'ED25519,DSA'), 'not DSA'),
                (('crypto', '--algorithm', ''), '--algorithm: want'),
                (('crypto', '--driver', 'abacus'), 'not abacus'),
                (('crypto', '--state', 'x'), 'want --trials beside it'),
                (('crypto', '--vectors', 'x', '--json'), 'want no --trials and no --json'),
                (('crypto', '--vectors', '/nowhere/x'), '/nowhere/x: cannot be opened'),
                (('crypto', '--mix', 'I'), 'mix'),
                (('digest', 'more'), 'want digest with options alone, not more'),
                (('digest', '--runs', '0'), '--runs: want 1 to'),
                (('digest', '--driver', 'abacus'), 'not abacus')):
            with self.subTest(words=words):
                p = bench(*words)
                self.assertEqual(p.returncode, 2, p.stderr)
                self.assertIn(said, p.stderr)
                self.assertEqual(p.stdout, '')

    def test_help_tells_of_all_commands(self):
        p = bench('--help')
        self.assertEqual((p.returncode, p.stderr), (0, ''))
        for command in ('path', 'crypto', 'digest'):
            self.assertIn('wirevet-bench ' + command, p.stdout)
            alone = bench(command, '--help')
            self.assertEqual((alone.returncode, alone.stderr), (0, ''))
            self.assertIn('wirevet-bench ' + command, alone.stdout)

    def test_of_the_script(self):
        for words, status in ((['--help'], 0), (['pipe'], 2), (['path', 'more'], 2)):
            with self.subTest(words=words):
                p = subprocess.run([SCRIPT, *words], capture_output=True, text=True, timeout=60,
                                   check=False)
                self.assertEqual(p.returncode, status, p.stderr)
                self.assertIn('usage', p.stdout + p.stderr)


if __name__ == '__main__':
    unittest.main()
