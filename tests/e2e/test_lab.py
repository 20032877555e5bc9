"""scripts/lab: its usage, and that it makes, serves and captures a signed tree."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'scripts', 'lib'))

from capture import Datagram, read_pcap  # noqa: E402

LAB = os.path.join(ROOT, 'scripts', 'lab')


def lab(*words, **options):
    return subprocess.run([LAB, *words], capture_output=True, text=True, timeout=240,
                          check=False, **options)


class Usage(unittest.TestCase):
    def test_help_is_on_standard_output(self):
        done = lab('-h')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertTrue(done.stdout.startswith('usage: scripts/lab'))

    def test_wrong_words_are_named_and_end_with_2(self):
        for words in ((), ('brew',), ('make', 'demo')):
            done = lab(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ''), words)
            self.assertIn('usage: scripts/lab', done.stderr)
        self.assertIn("not 'brew'", lab('brew').stderr)

    def test_an_ordinary_user_is_told_so(self):
        # A copy, since the project may lie where only root may look.
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            shutil.copytree(os.path.join(ROOT, 'scripts'), os.path.join(folder, 'scripts'))
            user = {'user': 65534, 'group': 65534, 'extra_groups': []} if os.geteuid() == 0 else {}
            done = subprocess.run([os.path.join(folder, 'scripts', 'lab'), 'make'], cwd=folder,
                                  capture_output=True, text=True, timeout=60, check=False, **user)
        self.assertEqual((done.returncode, done.stdout), (1, ''))
        self.assertIn('want root', done.stderr)


def no_namespaces():
    """Why there are none to be had, or an empty string."""
    return subprocess.run(['unshare', '--net', '--mount', '--pid', '--fork', 'true'],
                          capture_output=True, text=True, check=False).stderr.strip()


@unittest.skipIf(no_namespaces(), no_namespaces())
class Lab(unittest.TestCase):
    def test_in_its_shell_names_resolve_and_the_capture_is_whole(self):
        done = lab('shell', input='dig +noall +comments +dnssec @127.0.0.1 www.bank.test A\n'
                   'dig +noall +comments +dnssec @127.0.0.1 www.stale.test A\n')
        self.assertEqual(done.returncode, 0, done.stderr)
        good, stale = done.stdout.split(';; Got answer:')[1:]
        self.assertRegex(good, r'status: NOERROR[^;]*\n;; flags:[^;]* ad;')
        self.assertIn('status: SERVFAIL', stale)

        frames = read_pcap(os.path.join(ROOT, 'build', 'lab', 'wire.pcap'))
        datagrams = [(d, octets) for _, octets in frames if (d := Datagram.parse(octets))]
        queries = [d for d, _ in datagrams if d.is_query()]
        responses = [d for d, _ in datagrams if d.is_response()]
        self.assertGreater(len(responses), 100)
        self.assertEqual(len(queries), len(responses))
        for datagram, octets in datagrams:
            self.assertEqual(datagram.octets(), octets)  # so lengths and checksums are right


if __name__ == '__main__':
    unittest.main()
