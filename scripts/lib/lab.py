"""What scripts/lab does once it is in namespaces of its own; see there for the usage."""
import os
import shutil
import signal
import subprocess
import sys

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode

import lab_demo
import lab_net
from lab_tree import SERVERS, Tree, questions, run
from replayer import verdict_of

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def say(words):
    print(f'lab: {words}', file=sys.stderr, flush=True)


def ask(name, rdtype):
    """What the resolver says to a client's question: {'name', 'type', 'unbound': verdict}."""
    replies = []

    def once(flags):
        query = dns.message.make_query(name, rdtype, want_dnssec=True, payload=4096, flags=flags)
        replies.append(dns.query.udp_with_fallback(query, lab_net.RESOLVER, timeout=20)[0])
        return replies[-1]

    verdict, _ = verdict_of(once)
    if verdict not in ('secure', 'insecure', 'bogus'):
        raise RuntimeError(f'{name} {rdtype}: want an answer, not {verdict}')
    if not replies[-1].answer and rdtype != 'DS':
        rcode = dns.rcode.to_text(replies[-1].rcode())
        raise RuntimeError(f'{name} {rdtype}: want a positive answer, not {rcode} without one')
    return {'name': name, 'type': rdtype, 'unbound': verdict}


def ask_servers():
    """Questions past the resolver, whose answers carry no proof by their nature."""
    a, b = SERVERS['hoster-a']['addresses'], SERVERS['hoster-b']['addresses']
    plain = {'want_dnssec': False}
    for address, name, rdtype, options in (
            (a[0], 'www.elsewhere.test.', 'A', {}),                  # refused
            (b[1], 'www.bank.test.', 'A', plain),                    # no EDNS, so no DO
            (a[1], 'www.shop.test.', 'AAAA', plain | {'use_edns': 0, 'payload': 1232}),
            (b[0], 'bank.test.', 'DNSKEY', {'payload': 512}),        # truncated
            (a[0], 'www.shop.test.', 'RRSIG', {}),
            (a[0], 'version.bind.', 'TXT', {'rdclass': 'CH'})):
        signed = {} if 'want_dnssec' in options else {'want_dnssec': True, 'payload': 1232}
        query = dns.message.make_query(name, rdtype, **(signed | options))
        query.flags &= ~dns.flags.RD
        dns.query.udp(query, address, timeout=5)


def resolve(tree, daemons):
    """Serve the tree and ask everything, with a capture running; returns what was said."""
    lab_net.start_servers(tree, daemons)
    say(f'asking {len(questions())} questions')
    capture = lab_net.Capture(tree.path('wire.pcap'))
    lab_net.start_resolver(tree, daemons)
    lab_net.other_traffic()
    said = [ask(name, rdtype) for name, rdtype in questions()]
    ask_servers()
    capture.stop()
    daemons.check()
    return said


def demo(tree, said):
    delv = subprocess.run(['delv', '-v'], capture_output=True, text=True, check=True)
    versions = {'unbound': run('unbound', '-V').split()[1],
                'delv': (delv.stdout + delv.stderr).split()[1]}
    say('asking Unbound and delv about each response')
    lab_demo.make(tree, said, os.path.join(ROOT, 'config', 'demo'), versions)


def shell():
    say(f'the resolver is at {lab_net.RESOLVER}, its files are in build/lab; exit ends it all')
    words = ['bash', '--norc', '-i'] if sys.stdin.isatty() else ['bash']
    subprocess.run(words, env=os.environ | {'PS1': 'lab:\\w# '}, check=False)


def main(command):
    # A shell's background job, which we are, was told to ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = os.path.join(ROOT, 'build', 'lab')
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    say('signing the zones')
    tree = Tree(folder)
    tree.make()
    lab_net.make_wire()
    daemons = lab_net.Daemons(folder)
    try:
        said = resolve(tree, daemons)
        if command == 'demo':
            demo(tree, said)
        if command == 'shell':
            shell()
    finally:
        daemons.stop()
    return 0


if __name__ == '__main__':
    try:
        sys.exit(main(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(130)
    except (RuntimeError, OSError, ValueError, subprocess.SubprocessError,
            dns.exception.DNSException) as error:
        say(error)
        sys.exit(1)
