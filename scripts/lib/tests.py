#!/usr/bin/python3
"""Run tests of one kind, say little about what went well, and keep the tally.

tests.py meson BUILD [SUITE]     unit and corpus tests of a build folder, or one suite of them
tests.py unittest BUILD FOLDER   Python tests, with WIREVET_BUILD=BUILD in their environment
tests.py fuzz BUILD SECONDS      each fuzzer for so long
tests.py total TALLY             the closing lines: skips with their cause, then the sums

With WIREVET_TALLY=FOLDER in the environment each run leaves its counts there.
Exit: 0 all passed or were skipped, 1 something failed, 2 usage.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Tally:
    """Counts of one run."""

    def __init__(self, what):
        self.what = what
        self.passed = 0
        self.failed = 0
        self.skipped = []

    def close(self):
        folder = os.environ.get('WIREVET_TALLY')
        if folder:
            with tempfile.NamedTemporaryFile('w', dir=folder, suffix='.json', delete=False) as f:
                json.dump({'what': self.what, 'passed': self.passed, 'failed': self.failed,
                           'skipped': self.skipped}, f)
        else:
            for name, why in self.skipped:
                print('skipped: %s: %s' % (name, why))
        if self.failed or not folder:
            print('%s: %d passed, %d failed, %d skipped'
                  % (self.what, self.passed, self.failed, len(self.skipped)), flush=True)
        return 1 if self.failed else 0


def lane(build):
    build = os.path.relpath(os.path.abspath(build), ROOT)
    return 'release' if build == 'build' else os.path.basename(build)


def say(words):
    print(words, file=sys.stderr, flush=True)


# "               tests      5      5      5      0        0"
CUNIT = re.compile(r'^\s+tests\s+(\d+)\s+(\d+|n/a)\s+(\d+)\s+(\d+)\s+\d+\s*$', re.M)


def lane_tested(build):
    """The lane, and the crypto driver that is forced in the tests, if any."""
    crypto = os.environ.get('WIREVET_TEST_CRYPTO')
    return '%s, %s forced' % (lane(build), crypto) if crypto else lane(build)


def run_meson(build, suite=None):
    tally = Tally('%s, %s' % ('suite ' + suite if suite else 'unit and corpus tests',
                              lane_tested(build)))
    log = os.path.join(build, 'meson-logs', 'testlog.json')
    if os.path.exists(log):
        os.unlink(log)
    say('running %s' % tally.what)
    p = subprocess.run(['meson', 'test', '-C', build, '--no-rebuild', '--num-processes', '2',
                        *(['--suite', suite] if suite else [])],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    results = []
    if os.path.exists(log):
        with open(log, encoding='utf-8') as f:
            results = [json.loads(line) for line in f]
    for r in results:
        out = r.get('stdout', '')
        for name, why in re.findall(r'^skipped: ([^:\n]+): (.+)$', out, re.M):
            tally.skipped.append(('%s (%s)' % (name, lane(build)), why))
        if r['result'] == 'SKIP':
            tally.skipped.append(('%s (%s)' % (r['name'], lane(build)), 'the program said so'))
            continue
        counts = CUNIT.search(out)
        if r['result'] == 'OK':
            tally.passed += int(counts.group(3)) if counts else 1
            continue
        tally.passed += int(counts.group(3)) if counts else 0
        tally.failed += max(1, int(counts.group(4)) if counts else 0)
        print('%s: %s\n%s\n%s' % (r['name'], r['result'], out[-6000:], r.get('stderr', '')[-6000:]))
    if not results:
        tally.failed += 1
        print(p.stdout)
    return tally.close()


class Result(unittest.TestResult):
    """Says nothing of what passes; a line for what takes long."""

    def startTest(self, test):
        super().startTest(test)
        self.since = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        took = time.monotonic() - self.since
        if took > 20:
            say('%s took %d s' % (test.id(), took))


def run_unittest(build, folder):
    tally = Tally('%s, %s' % (folder, lane_tested(build)))
    os.environ['WIREVET_BUILD'] = os.path.abspath(build)
    os.chdir(ROOT)
    path = os.path.join(ROOT, folder)
    if not os.path.isdir(path):
        return tally.close()
    say('running %s' % tally.what)
    suite = unittest.TestLoader().discover(path, pattern='test_*.py', top_level_dir=path)
    result = Result()
    suite.run(result)
    bad = result.failures + result.errors
    for test, words in bad:
        print('%s\n%s' % (test.id(), words))
    for test in result.unexpectedSuccesses:
        print('%s: passed, although it is marked to fail' % test.id())
    tally.skipped = [['%s (%s)' % (t.id(), lane(build)), why] for t, why in result.skipped]
    tally.failed = len(bad) + len(result.unexpectedSuccesses)
    tally.passed = result.testsRun - len({t.id() for t, _ in bad}) - len(result.skipped) \
        - len(result.unexpectedSuccesses)
    return tally.close()


def run_fuzz(build, seconds):
    tally = Tally('fuzzers, ' + lane(build))
    folder = os.path.abspath(os.path.join(build, 'tests', 'fuzz'))
    fuzz = os.path.join(ROOT, 'tests', 'fuzz')
    seeds = os.path.join(folder, 'seeds')
    if subprocess.run(['/usr/bin/python3', os.path.join(fuzz, 'seeds.py'), seeds],
                      check=False).returncode != 0:
        tally.failed += 1
        print('tests/fuzz/seeds.py failed')
    os.environ.setdefault('UBSAN_OPTIONS', 'halt_on_error=1:print_stacktrace=1')
    targets = sorted(f for f in os.listdir(folder) if re.fullmatch(r'fuzz_[a-z0-9]+', f)) \
        if os.path.isdir(folder) else []
    for target in targets:
        say('running %s for %s s' % (target, seconds))
        known = [os.path.join(of, target[len('fuzz_'):]) for of in (fuzz + '/corpus', seeds)]
        with tempfile.TemporaryDirectory() as new:
            # The schedule that is the preset takes most of the time with so many features.
            p = subprocess.run([os.path.join(folder, target), '-max_total_time=%s' % seconds,
                                '-entropic=0', '-timeout=10', '-artifact_prefix=%s/' % new, new]
                               + [k for k in known if os.path.isdir(k)], cwd=new, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if p.returncode == 0:
            tally.passed += 1
        else:
            tally.failed += 1
            print('%s\n%s' % (target, p.stdout[-6000:]))
    return tally.close()


def total(folder):
    passed = failed = 0
    skipped = []
    for name in sorted(os.listdir(folder)):
        if name == 'broken':
            continue
        with open(os.path.join(folder, name), encoding='utf-8') as f:
            t = json.load(f)
        passed += t['passed']
        failed += t['failed']
        skipped += t['skipped']
    if os.path.exists(os.path.join(folder, 'broken')) and failed == 0:
        failed = 1
        print('scripts/check quick failed, see above')
    for name, why in skipped:
        print('skipped: %s: %s' % (name, why))
    print('%d passed, %d failed, %d skipped' % (passed, failed, len(skipped)))
    return 1 if failed or not passed else 0


def main(args):
    calls = {'meson': (run_meson, (1, 2)), 'unittest': (run_unittest, (2,)),
             'fuzz': (run_fuzz, (2,)), 'total': (total, (1,))}
    if not args or args[0] not in calls or len(args) - 1 not in calls[args[0]][1]:
        print(__doc__, file=sys.stderr)
        return 2
    return calls[args[0]][0](*args[1:])


sys.exit(main(sys.argv[1:]))
