"""wirevet-bench and scripts/bench: what they print, and how they end. No word about how fast."""
import json
import os
import subprocess
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
        for command in ('path', 'digest'):
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
