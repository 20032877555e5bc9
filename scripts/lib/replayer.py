"""The demo capture, served again to validators that know nothing of it.

expected.tsv says for each response of outside.pcap what was asked of the validators. A Replayer
answers on loopback with the captured octets, by question alone; only the id and the letters'
case of the question are the asker's. Unbound and delv are asked through it.
"""
import collections
import contextlib
import os
import select
import shutil
import socket
import subprocess
import threading
import time

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype

from capture import Datagram, read_pcap

LOOPBACK = '127.0.0.1'
COLUMNS = ('kind', 'frame', 'qname', 'qtype', 'asked', 'unbound', 'ede', 'delv', 'verdict',
           'reason', 'note')
Row = collections.namedtuple('Row', COLUMNS)
NO_DS = (dns.rdatatype.NSEC, dns.rdatatype.NSEC3)


def read_expected(path):
    """The rows of expected.tsv, comments left out."""
    rows = []
    with open(path, encoding='ascii') as file:
        for number, line in enumerate(file, 1):
            if line.startswith('#') or line.split('\t')[0] == COLUMNS[0]:
                continue
            fields = line.rstrip('\n').split('\t')
            if len(fields) != len(COLUMNS):
                raise ValueError(
                    f'{path}:{number}: want {len(COLUMNS)} columns, not {len(fields)}')
            rows.append(Row(*fields))
    return rows


def key(name, rdtype):
    return (name.lower(), rdtype)


def asked(row):
    """(name, type) of the question that the validators were asked about a row."""
    name, rdtype = row.asked.split(' ')
    return key(name, rdtype)


def child_of(message):
    """The name below the cut, in a referral."""
    owners = [rrset.name for rrset in message.authority if rrset.rdtype == dns.rdatatype.NS]
    return owners[0].to_text() if owners else None


def ds_reply(wire, known):
    """A referral, made the answer to the question for the DS of the child.

    A proof that there is none gets the parent's SOA, which a resolver wants in any such answer.
    """
    referral = dns.message.from_wire(wire)
    child = dns.name.from_text(child_of(referral))
    query = dns.message.make_query(child, 'DS', want_dnssec=True, payload=1232)
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.AA
    for rrset in referral.authority:
        rdtype = rrset.covers if rrset.rdtype == dns.rdatatype.RRSIG else rrset.rdtype
        if rdtype == dns.rdatatype.DS:
            reply.answer.append(rrset)
        elif rdtype in NO_DS:
            reply.authority.append(rrset)
    while reply.authority and child != dns.name.root:
        child = child.parent()
        if (soa := known.get(key(child.to_text(), 'SOA'))) is not None:
            reply.authority += dns.message.from_wire(soa).answer
            break
    return reply.to_wire()


def replies(rows, outside, tampered=None):
    """What to answer to each question: from all genuine rows, and one tampered one before them.

    @param outside  path of the capture that the rows count the frames of
    """
    frames = read_pcap(outside)
    known, changed = {}, {}

    def learn(row, table):
        wire = Datagram.parse(frames[int(row.frame) - 1][1]).payload
        if asked(row)[1] == 'DS' and row.qtype != 'DS':
            table.setdefault(asked(row), ds_reply(wire, known))
        else:
            table.setdefault(asked(row), wire)
            table.setdefault(key(row.qname, row.qtype), wire)

    genuine = [row for row in rows if row.kind not in ('question', 'tampered', 'unjudged')]
    for row in sorted(genuine, key=lambda row: row.qtype != 'SOA'):  # SOA first, for ds_reply
        learn(row, known)
    if tampered is not None:
        learn(tampered, changed)
    return known | changed


class Replayer:
    """Answers on loopback, UDP and TCP on one port, from a table of replies, in a thread."""

    def __init__(self, known):
        self.known, self.unknown = known, []
        self.port = free_port()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((LOOPBACK, self.port))
        self.tcp = socket.create_server((LOOPBACK, self.port))
        self.end, self.ended = socket.socketpair()
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end.close()
        self.thread.join()
        for one in (self.udp, self.tcp, self.ended):
            one.close()

    def serve(self):
        sources = [self.udp, self.tcp, self.ended]
        while self.ended not in (ready := select.select(sources, [], [])[0]):
            # An asker that went away is no trouble of ours.
            with contextlib.suppress(OSError):
                if self.udp in ready:
                    query, peer = self.udp.recvfrom(65535)
                    self.udp.sendto(self.reply(query), peer)
                if self.tcp in ready:
                    self.serve_connection()

    def serve_connection(self):
        """One question over TCP; delv wants that for an answer with a DNAME and no cookie."""
        connection, _ = self.tcp.accept()
        with connection, connection.makefile('rwb') as stream:
            connection.settimeout(2)
            reply = self.reply(stream.read(int.from_bytes(stream.read(2), 'big')))
            stream.write(len(reply).to_bytes(2, 'big') + reply)

    def reply(self, query):
        """The stored octets with the asker's id and question; SERVFAIL where there are none."""
        end = 12
        while query[end]:
            end += 1 + query[end]
        question = query[12:end + 5]
        name, _ = dns.name.from_wire(query, 12)
        rdtype = dns.rdatatype.to_text(int.from_bytes(query[end + 1:end + 3], 'big'))
        wire = self.known.get(key(name.to_text(), rdtype))
        if wire is None:
            self.unknown.append(f'{name} {rdtype}')
            flags = bytes([0x80 | query[2], 0x80 | dns.rcode.SERVFAIL])
            return query[:2] + flags + bytes([0, 1, 0, 0, 0, 0, 0, 0]) + question
        # A question of another length would move what compression pointers point to.
        length = end + 5 - 12
        stored = wire[12:12 + length]
        if stored[:-4].lower() != question[:-4].lower():
            raise ValueError(f'{name} {rdtype}: the stored answer is to another name')
        return query[:2] + wire[2:12] + question + wire[12 + length:]


def free_port():
    """A UDP port of loopback that was free a moment ago, for TCP too."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind((LOOPBACK, 0))
            with contextlib.suppress(OSError):
                tcp.bind((LOOPBACK, udp.getsockname()[1]))
                return udp.getsockname()[1]


def unbound_program(folder):
    """Unbound to be run on files in a folder of ours.

    Where AppArmor is on, Debian's profile keeps /usr/sbin/unbound from reading any but its own
    files; the profile goes by the path of the program, so a copy is run.
    """
    program = shutil.which('unbound', path=os.environ.get('PATH', '') + ':/usr/sbin')
    if program is None:
        raise RuntimeError('want unbound, found none')
    try:
        with open('/sys/module/apparmor/parameters/enabled', encoding='ascii') as file:
            enabled = file.read().startswith('Y')
    except OSError:
        enabled = False
    if not enabled:
        return program
    copy = os.path.join(folder, 'unbound')
    if not os.path.exists(copy):
        shutil.copy(program, copy)
    return copy


def unbound_server(folder, anchors):
    """What every Unbound of ours has in common: lines of its config, in clause server."""
    return ['remote-control:', '  control-enable: no',
            'server:', '  username: ""', '  chroot: ""', f'  directory: "{folder}"',
            '  use-syslog: no', '  do-daemonize: no', '  verbosity: 1', '  val-log-level: 2',
            '  num-threads: 1', '  ede: yes', '  module-config: "validator iterator"',
            f'  trust-anchor-file: "{anchors}"', '  qname-minimisation: no',
            # On a busy machine it would ask again what is about to be answered.
            '  infra-cache-min-rtt: 2000',
            # Unbound would say of its own that there is no such zone (RFC 6761).
            '  local-zone: "test." nodefault']


class Unbound:
    """A real Unbound on loopback, with a clock of its choice, forwarding all to one port."""

    def __init__(self, folder, anchors, upstream_port, when):
        self.port = free_port()
        self.log = os.path.join(folder, f'unbound.{self.port}.log')
        self.config = os.path.join(folder, f'unbound.{self.port}.conf')
        self.program, self.process = unbound_program(folder), None
        stamp = time.strftime('%Y%m%d%H%M%S', time.gmtime(when))
        with open(self.config, 'w', encoding='ascii') as file:
            file.write('\n'.join([
                *unbound_server(folder, anchors), '  pidfile: ""', '  do-ip6: no',
                f'  interface: {LOOPBACK}@{self.port}', '  do-not-query-localhost: no',
                f'  val-override-date: "{stamp}"', '  trust-anchor-signaling: no',
                '  aggressive-nsec: no',
                'forward-zone:', '  name: "."', f'  forward-addr: {LOOPBACK}@{upstream_port}'])
                + '\n')

    def __enter__(self):
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen([self.program, '-d', '-p', '-c', self.config],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        query = dns.message.make_query('localhost.', 'A')
        until = time.monotonic() + 10
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError, dns.exception.Timeout):
                dns.query.udp(query, LOOPBACK, port=self.port, timeout=0.1)
                return self
            time.sleep(0.01)
        self.__exit__()
        raise RuntimeError(f'unbound did not start: {self.words()}')

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def words(self):
        with open(self.log, encoding='utf-8', errors='replace') as log:
            return log.read()[-2000:]

    def ask(self, name, rdtype):
        """(verdict, EDE code or '-')."""
        return verdict_of(lambda flags: dns.query.udp(
            dns.message.make_query(name, rdtype, want_dnssec=True, payload=4096, flags=flags),
            LOOPBACK, port=self.port, timeout=15))


def verdict_of(ask):
    """What a validating resolver says. Bogus is SERVFAIL where the data is there with CD set."""
    reply = ask(dns.flags.RD)
    if reply.rcode() == dns.rcode.SERVFAIL:
        codes = [str(int(option.code)) for option in reply.options
                 if isinstance(option, dns.edns.EDEOption)]
        if ask(dns.flags.RD | dns.flags.CD).rcode() == dns.rcode.SERVFAIL:
            return 'servfail', '-'
        return 'bogus', ','.join(codes) or '-'
    if reply.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return dns.rcode.to_text(reply.rcode()).lower(), '-'
    return 'secure' if reply.flags & dns.flags.AD else 'insecure', '-'


def ask_delv(folder, anchors, port, name, rdtype):
    """delv's verdict, and its words where it has no answer; its clock is the machine's."""
    config = os.path.join(folder, 'delv.anchors')
    with open(anchors, encoding='ascii') as file:
        # owner IN DS tag algorithm digest-type digest
        lines = [line.split() for line in file if line.strip() and not line.startswith(';')]
    with open(config, 'w', encoding='ascii') as file:
        file.write('trust-anchors {\n')
        for owner, _, _, tag, algorithm, digest_type, *digest in lines:
            digest = ''.join(digest)
            file.write(f'\t{owner} static-ds {tag} {algorithm} {digest_type} "{digest}";\n')
        file.write('};\n')
    done = subprocess.run(['delv', f'@{LOOPBACK}', '-4', '-p', str(port), '-a', config, '+root=.',
                           name, rdtype], capture_output=True, text=True, timeout=60, check=False)
    words = done.stdout + done.stderr
    failed = [line for line in words.split('\n') if 'resolution failed' in line]
    if failed and 'ncache' not in failed[0]:
        return 'bogus', failed[0].split('resolution failed: ')[1]
    if 'unsigned answer' in words:
        return 'insecure', ''
    if 'fully validated' in words:
        return 'secure', ''
    return 'trouble', ' '.join(words.split())
