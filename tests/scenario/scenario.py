"""Scenarios: small signed trees in text, turned into a capture with known verdicts.

The signer uses dnspython and cryptography and no code of ours, so that our own mistakes are not
shared. README.md beside this file describes the format.
"""
import base64
import datetime
import functools
import hashlib
import os
import shlex
import struct
import sys

import dns.dnssec
import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.DNSKEY
import dns.rdtypes.ANY.DS
import dns.rdtypes.ANY.NSEC
import dns.rdtypes.ANY.NSEC3
import dns.rdtypes.ANY.RRSIG
import dns.rrset
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', '..', 'scripts', 'lib'))

from capture import checksum, write_pcap  # noqa: E402,F401

IN = dns.rdataclass.IN
DAY = 86400
TTL = 3600
SECTIONS = {'answer': 0, 'authority': 1, 'additional': 2}
B32 = bytes.maketrans(b'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', b'0123456789ABCDEFGHIJKLMNOPQRSTUV')


class ScenarioError(Exception):
    """A line of a scenario that cannot be read; says which."""


@functools.lru_cache(None)
def rsa_key(path):
    """The key of a file; reading one takes a while."""
    with open(path, 'rb') as f:
        return serialization.load_pem_private_key(f.read(), None)


class Key:
    """A fixed private key: the same number and algorithm give the same key in every run."""

    def __init__(self, algorithm, number, bits):
        self.algorithm = algorithm
        seed = hashlib.sha512(b'wirevet scenario key %d %d' % (algorithm, number)).digest()
        if algorithm in (5, 7, 8, 10):
            path = os.path.join(HERE, 'keys', 'rsa-%d-%d.pem' % (bits or 2048, number % 2))
            self.private = rsa_key(path)
        elif algorithm in (13, 14):
            curve = ec.SECP256R1() if algorithm == 13 else ec.SECP384R1()
            self.private = ec.derive_private_key(int.from_bytes(seed[:31], 'big') | 1, curve)
        elif algorithm == 15:
            self.private = ed25519.Ed25519PrivateKey.from_private_bytes(seed[:32])
        elif algorithm == 16:
            self.private = ed448.Ed448PrivateKey.from_private_bytes(seed[:57])
        else:
            self.private = None  # an algorithm that nobody supports: octets that look like a key
            self.public = seed

    def public_field(self):
        if self.private is None:
            return self.public
        public = self.private.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            n = public.public_numbers()
            e = n.e.to_bytes((n.e.bit_length() + 7) // 8, 'big')
            return bytes([len(e)]) + e + n.n.to_bytes((n.n.bit_length() + 7) // 8, 'big')
        if isinstance(public, ec.EllipticCurvePublicKey):
            n, size = public.public_numbers(), (public.curve.key_size + 7) // 8
            return n.x.to_bytes(size, 'big') + n.y.to_bytes(size, 'big')
        return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def sign(self, data):
        if self.private is None:
            return hashlib.sha512(data).digest()
        if isinstance(self.private, rsa.RSAPrivateKey):
            h = {5: hashes.SHA1, 7: hashes.SHA1, 8: hashes.SHA256, 10: hashes.SHA512}
            return self.private.sign(data, padding.PKCS1v15(), h[self.algorithm]())
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            h = hashes.SHA256() if self.algorithm == 13 else hashes.SHA384()
            size = 32 if self.algorithm == 13 else 48
            r, s = utils.decode_dss_signature(self.private.sign(data, ec.ECDSA(h)))
            return r.to_bytes(size, 'big') + s.to_bytes(size, 'big')
        return self.private.sign(data)


class ZoneKey:
    """A DNSKEY of a zone, with its private half."""

    def __init__(self, zone, name, algorithm, number, bits=None, flags=257, protocol=3):
        self.zone, self.name = zone, name
        self.key = Key(algorithm, number, bits)
        self.rdata = dns.rdtypes.ANY.DNSKEY.DNSKEY(IN, dns.rdatatype.DNSKEY, flags, protocol,
                                                   algorithm, self.key.public_field())

    def tag(self):
        return dns.dnssec.key_id(self.rdata)


# How names in RDATA are signed: as RFC 4034 6.2 wants it of the type, as written, in lower case.
RDATA = {
    'canonical': lambda rdata: rdata.to_digestable(),
    'kept': lambda rdata: rdata.to_wire(),
    'lower': lambda rdata: rdata.to_wire().lower(),
}


def signed_data(owner, rdatas, rrsig, encode=RDATA['canonical']):
    """RFC 4034 3.1.8.1."""
    head = rrsig.to_wire()[:18] + rrsig.signer.canonicalize().to_wire()
    if rrsig.labels < len(owner.labels) - 1 and owner.labels[0] != b'*':
        owner = dns.name.Name((b'*',) + owner.labels[len(owner.labels) - 1 - rrsig.labels:])
    name = owner.canonicalize().to_wire()
    for data in sorted({encode(r) for r in rdatas}):
        head += name + struct.pack('!HHIH', rrsig.type_covered, IN, rrsig.original_ttl, len(data)) \
            + data
    return head


def nsec3_hash(name, salt, iterations):
    digest = hashlib.sha1(name.canonicalize().to_wire() + salt).digest()
    for _ in range(iterations):
        digest = hashlib.sha1(digest + salt).digest()
    return digest


def base32hex(digest):
    return base64.b32encode(digest).translate(B32).decode().lower()


class Message:
    """One query and its response, and the verdict expected."""

    def __init__(self, qname, qtype):
        self.qname, self.qtype = qname, qtype
        self.sections = ([], [], [])  # of dns.rrset.RRset, in order
        self.rcode = 0
        self.flags = dns.flags.AA
        self.opcode = 0
        self.query_do = True
        self.has_query = True
        self.edns = True
        self.questions = 1
        self.verdict = self.reason = None
        self.at = None
        self.drop_octets = 0
        self.order = []
        self.qclass = IN

    def find(self, section, owner, rdtype):
        for rrset in self.sections[section]:
            if rrset.name == owner and rrset.rdtype == rdtype:
                return rrset
        raise ScenarioError('no %s %s in that section' % (owner, dns.rdatatype.to_text(rdtype)))


class Scenario:
    """The text of one scenario, read."""

    def __init__(self, path, title):
        self.path, self.title = path, title
        self.now = 1787421600  # 2026-08-22 18:00 UTC
        self.time, self.order, self.leg = 'packet', 'any', 'upstream'
        self.settings = {}
        self.keys = {}     # (zone, name) -> ZoneKey
        self.anchors = []  # lines
        self.messages = []
        self.last = None   # (section, rrset) that `sign` without words means
        self.number = 0

    # What a line may begin with outside a message.

    def word_clock(self, words):
        """clock T: the time of all messages that follow."""
        self.now = when(words[0], self.now)

    def word_time(self, words):
        self.time = words[0]

    def word_order(self, words):
        self.order = words[0]

    def word_leg(self, words):
        self.leg = words[0]

    def word_setting(self, words):
        self.settings[words[0]] = words[1]

    def word_key(self, words):
        zone, name, algorithm = dns.name.from_text(words[0]), words[1], int(words[2])
        opts = options(words[3:])
        self.number += 1
        self.keys[zone, name] = ZoneKey(
            zone, name, algorithm, int(opts.get('number', self.number)), int(opts.get('bits', 0)),
            int(opts.get('flags', 257)), int(opts.get('protocol', 3)))

    def word_anchor(self, words):
        key = self.key_of(words[0])
        if 'dnskey' in words[1:]:
            self.anchors.append('%s IN DNSKEY %s' % (key.zone, key.rdata.to_text()))
        else:
            self.anchors.append('%s IN DS %s' % (key.zone, ds_of(key).to_text()))

    def word_anchor_line(self, words):
        self.anchors.append(' '.join(words))

    def word_anchor_file(self, words):
        """anchor-file PATH: the lines of a file."""
        with open(words[0], encoding='utf-8') as f:
            self.anchors += f.read().splitlines()

    def word_message(self, words):
        m = Message(dns.name.from_text(words[0]), dns.rdatatype.from_text(words[1]))
        m.at = self.now
        for word in words[2:]:
            name, _, value = word.partition('=')
            if name == 'rcode':
                m.rcode = dns.rcode.from_text(value)
            elif name == 'do':
                m.query_do = value == '1'
            elif name == 'flags':
                m.flags = dns.flags.from_text(value.replace(',', ' '))
            elif name == 'opcode':
                m.opcode = int(value)
            elif name == 'class':
                m.qclass = int(value)
            elif name == 'questions':
                m.questions = int(value)
            elif name == 'at':
                m.at = when(value, self.now)
            elif word == 'no-query':
                m.has_query = False
            elif word == 'no-edns':
                m.edns = False
            else:
                raise ScenarioError('message: no such word: %s' % word)
        self.messages.append(m)

    # Inside a message.

    def word_answer(self, words, section=0):
        text = ' '.join(words)
        owner, rest = text.split(None, 1)
        parts = rest.split(None, 1)
        ttl = TTL
        if parts[0].isdigit():
            ttl, rest = int(parts[0]), parts[1]
        rdtype, _, rdata = rest.partition(' ')
        rdtype = dns.rdatatype.from_text(rdtype)
        self.add(section, owner, ttl, dns.rdata.from_text(IN, rdtype, rdata, relativize=False))

    def word_authority(self, words):
        self.word_answer(words, 1)

    def word_additional(self, words):
        self.word_answer(words, 2)

    def add(self, section, owner, ttl, rdata):
        m = self.messages[-1]
        owner = dns.name.from_text(owner) if isinstance(owner, str) else owner
        last = m.sections[section][-1] if m.sections[section] else None
        # dnspython keeps a record once in an RRset and one TTL: another of them begins another.
        if last is None or last.name.labels != owner.labels or last.rdtype != rdata.rdtype \
                or last.rdtype == dns.rdatatype.RRSIG or last.ttl != ttl or rdata in last:
            last = dns.rrset.RRset(owner, IN, rdata.rdtype)
            m.sections[section].append(last)
        last.add(rdata, ttl)
        self.last = (section, last)

    def word_dnskey(self, words):
        """dnskey ZONE KEY...: the DNSKEY RRset in the answer, unsigned."""
        zone = dns.name.from_text(words[0])
        for name in words[1:]:
            self.add(0, zone, TTL, self.keys[zone, name].rdata)

    def word_ds(self, words):
        """ds ZONE/KEY [digest=2] [section=authority] [tag=N] [algorithm=N] [broken]"""
        key, opts = self.key_of(words[0]), options(words[1:])
        ds = ds_of(key, int(opts.get('digest', 2)))
        digest = ds.digest
        if 'broken' in opts:
            digest = bytes([digest[0] ^ 1]) + digest[1:]
        ds = dns.rdtypes.ANY.DS.DS(IN, dns.rdatatype.DS, int(opts.get('tag', ds.key_tag)),
                                   int(opts.get('algorithm', ds.algorithm)),
                                   int(opts.get('type', ds.digest_type)), digest)
        self.add(SECTIONS[opts.get('section', 'answer')], key.zone, TTL, ds)

    def word_raw(self, words):
        """raw OWNER TYPE HEX [section=S]: a record of any octets, readable or not."""
        rdtype, opts = dns.rdatatype.from_text(words[1]), options(words[3:])
        self.add(SECTIONS[opts.get('section', 'answer')], words[0], TTL,
                 dns.rdata.GenericRdata(IN, rdtype, bytes.fromhex(words[2])))

    def word_soa(self, words):
        """soa ZONE/KEY [options of sign]: the SOA of a zone in authority, signed."""
        zone = self.key_of(words[0]).zone
        self.word_authority([str(zone), 'SOA', 'ns.example. host.example. 1 7200 3600 86400 3600'])
        self.word_sign(words)

    def word_nsec(self, words):
        """nsec OWNER NEXT TYPES... [section=S] [bitmap=HEX]: an NSEC record in authority; the
        bitmap as octets, where it is to be a wrong one."""
        opts, types = split(words[2:])
        nxt = dns.name.from_text(words[1])
        rdata = dns.rdtypes.ANY.NSEC.NSEC(IN, dns.rdatatype.NSEC, nxt, bitmap(types))
        self.add_denial(dns.name.from_text(words[0]), rdata, nxt.to_wire(), opts)

    def word_nsec3(self, words):
        """nsec3 ZONE match|cover NAME TYPES... [optout] [next=NAME] [iterations=N] [salt=HEX]
        [algorithm=N] [flags=N] [section=S] [bitmap=HEX]: an NSEC3 record in authority, hashes
        computed; its span is as narrow as can be, or ends at the hash of `next`."""
        zone, how, name = dns.name.from_text(words[0]), words[1], dns.name.from_text(words[2])
        opts, types = split(words[3:])
        salt = bytes.fromhex(opts.get('salt', ''))
        iterations = int(opts.get('iterations', 0))
        digest = int.from_bytes(nsec3_hash(name, salt, iterations), 'big')
        owner = (digest - {'match': 0, 'cover': 1}[how]).to_bytes(20, 'big')
        nxt = (digest + 1).to_bytes(20, 'big')
        if 'next' in opts:
            nxt = nsec3_hash(dns.name.from_text(opts['next']), salt, iterations)
        flags = int(opts.get('flags', 1 if 'optout' in opts else 0))
        rdata = dns.rdtypes.ANY.NSEC3.NSEC3(
            IN, dns.rdatatype.NSEC3, int(opts.get('algorithm', 1)), flags, iterations, salt, nxt,
            bitmap(types))
        self.add_denial(dns.name.Name((base32hex(owner).encode(),) + zone.labels), rdata,
                        rdata.to_wire()[:5 + len(salt) + 21], opts)

    def add_denial(self, owner, rdata, head, opts):
        if 'bitmap' in opts:
            rdata = dns.rdata.GenericRdata(IN, rdata.rdtype, head + bytes.fromhex(opts['bitmap']))
        self.add(SECTIONS[opts.get('section', 'authority')], owner, TTL, rdata)

    def word_sign(self, words):
        """sign ZONE/KEY [signer=NAME] [labels=N] [inception=T] [expiration=T] [ttl=N] [tag=N]
        [algorithm=N] [covers=TYPE] [as=OWNER] [rdata=canonical|kept|lower] [owner=NAME] [rr-ttl=N]
        [section=S] [before] [broken] [short]: sign the RRset written last."""
        key, opts = self.key_of(words[0]), options(words[1:])
        section, rrset = self.last
        owner = rrset.name
        labels = len(owner.labels) - 1 - (owner.labels[0] == b'*')
        if 'as' in opts:
            owner = dns.name.from_text(opts['as'])
            labels = len(owner.labels) - 1 - (owner.labels[0] == b'*')
        rrsig = dns.rdtypes.ANY.RRSIG.RRSIG(
            IN, dns.rdatatype.RRSIG, dns.rdatatype.from_text(opts['covers'])
            if 'covers' in opts else rrset.rdtype,
            int(opts.get('algorithm', key.key.algorithm)), int(opts.get('labels', labels)),
            int(opts.get('ttl', rrset.ttl)), when(opts.get('expiration', '+10d'), self.now),
            when(opts.get('inception', '-10d'), self.now), int(opts.get('tag', key.tag())),
            dns.name.from_text(opts['signer']) if 'signer' in opts else key.zone, b'')
        rdatas = [r for other in self.messages[-1].sections[section]
                  if other.name == rrset.name and other.rdtype == rrset.rdtype for r in other]
        signature = key.key.sign(signed_data(owner, rdatas, rrsig,
                                             RDATA[opts.get('rdata', 'canonical')]))
        if 'broken' in opts:
            signature = signature[:5] + bytes([signature[5] ^ 1]) + signature[6:]
        if 'short' in opts:
            signature = signature[:-1]
        rrsig = rrsig.replace(signature=signature)
        name = dns.name.from_text(opts['owner']) if 'owner' in opts else rrset.name
        sigs = dns.rrset.RRset(name, IN, dns.rdatatype.RRSIG, rrsig.type_covered)
        sigs.add(rrsig, int(opts.get('rr-ttl', rrset.ttl)))
        if 'section' in opts:
            section = SECTIONS[opts['section']]
        into = self.messages[-1].sections[section]
        into.insert(into.index(rrset) if 'before' in opts else len(into), sigs)

    def word_forge(self, words):
        """forge RECORD: take the place of the RRset written last, its signatures stay."""
        section, rrset = self.last
        into = self.messages[-1].sections[section]
        at = into.index(rrset)
        tail = into[at + 1:]
        del into[at:]
        self.word_answer(words, section)
        into.extend(tail)

    def word_strip(self, _):
        """strip: take away the RRset written last, its signatures stay."""
        section, rrset = self.last
        self.messages[-1].sections[section].remove(rrset)

    def word_flip(self, words):
        """flip TYPE N: turn over bit N of the data of the first record of a type."""
        rdtype, n = dns.rdatatype.from_text(words[0]), int(words[1])
        rrset = next(r for s in self.messages[-1].sections for r in s if r.rdtype == rdtype)
        rdatas = list(rrset)
        octets = bytearray(rdatas[0].to_wire())
        octets[n // 8] ^= 0x80 >> n % 8
        rdatas[0] = dns.rdata.from_wire(IN, rdtype, bytes(octets), 0, len(octets))
        rrset.clear()
        for rdata in rdatas:
            rrset.add(rdata)

    def word_cut(self, words):
        """cut N: take the last N octets off the response."""
        self.messages[-1].drop_octets = int(words[0])

    def word_expect(self, words):
        m = self.messages[-1]
        m.verdict, m.reason = words

    def key_of(self, text):
        zone, _, name = text.rpartition('/')
        key = self.keys.get((dns.name.from_text(zone), name))
        if key is None:
            raise ScenarioError('no key %s' % text)
        return key

    # What comes out.

    def capture(self):
        """The frames of a capture (time in us, octets) and the frame number of each response."""
        frames, where = [], []
        for i, m in enumerate(self.messages):
            query, response = wire(m, i + 1)
            if m.has_query:
                frames.append((m.at * 1000000 + len(frames), frame(query, i, False)))
            frames.append((m.at * 1000000 + len(frames), frame(response, i, True)))
            where.append(len(frames))
        return frames, where


def ds_of(key, digest_type=2):
    algorithm = {1: 'SHA1', 2: 'SHA256', 4: 'SHA384'}.get(digest_type)
    if algorithm is None:
        return dns.rdtypes.ANY.DS.DS(IN, dns.rdatatype.DS, key.tag(), key.key.algorithm, 2,
                                     hashlib.sha256(b'?').digest()).replace(digest_type=digest_type)
    data = key.zone.canonicalize().to_wire() + key.rdata.to_wire()
    digest = hashlib.new(algorithm.lower(), data).digest()
    return dns.rdtypes.ANY.DS.DS(IN, dns.rdatatype.DS, key.tag(), key.key.algorithm, digest_type,
                                 digest)


def bitmap(types):
    """Type bitmap windows (RFC 4034 4.1.2) for dnspython."""
    windows = {}
    for t in types:
        n = int(dns.rdatatype.from_text(t))
        windows.setdefault(n >> 8, bytearray(32))[(n & 255) >> 3] |= 0x80 >> (n & 7)
    return tuple((w, bytes(b).rstrip(b'\0')) for w, b in sorted(windows.items()))


def split(words):
    """The options among words, and the rest of them."""
    is_option = [w == 'optout' or '=' in w for w in words]
    return (options(w for w, o in zip(words, is_option) if o),
            [w for w, o in zip(words, is_option) if not o])


def options(words):
    return {w.partition('=')[0]: w.partition('=')[2] for w in words}


def when(text, now):
    """+10d, -1h, +90s from the clock, or a date in UTC, or seconds."""
    if text[0] in '+-':
        unit = {'s': 1, 'h': 3600, 'd': DAY}[text[-1]]
        return (now + int(text[:-1]) * unit) & 0xffffffff
    if text.isdigit():
        return int(text)
    return int(datetime.datetime.fromisoformat(text + '+00:00').timestamp())


def wire(m, number):
    query = dns.message.make_query(m.qname, m.qtype, rdclass=m.qclass, use_edns=0 if m.edns else -1,
                                   want_dnssec=m.query_do and m.edns, payload=1232)
    query.id = number
    response = dns.message.make_response(query, our_payload=1232)
    response.flags |= m.flags
    if m.opcode:
        response.set_opcode(m.opcode)
    response.set_rcode(m.rcode)
    response.question = response.question[:1] * m.questions
    response.answer, response.authority, response.additional = (list(s) for s in m.sections)
    octets = response.to_wire(max_size=65000)
    return query.to_wire(), octets[:len(octets) - m.drop_octets]


def frame(payload, number, is_response):
    """Ethernet, IPv4, UDP."""
    client, server = bytes([10, 0, 0, 1]), bytes([192, 0, 2, 1])
    port = 10000 + number
    src, dst = (server, client) if is_response else (client, server)
    sport, dport = (53, port) if is_response else (port, 53)
    udp = struct.pack('!HHHH', sport, dport, 8 + len(payload), 0) + payload
    pseudo = src + dst + struct.pack('!BBH', 0, 17, len(udp))
    udp = udp[:6] + struct.pack('!H', checksum(pseudo + udp) or 0xffff) + udp[8:]
    ip = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(udp), number, 0, 64, 17, 0) + src + dst
    ip = ip[:10] + struct.pack('!H', checksum(ip)) + ip[12:]
    macs = bytes([2, 0, 0, 0, 0, 1]) + bytes([2, 0, 0, 0, 0, 2])
    return (macs if is_response else macs[6:] + macs[:6]) + b'\x08\0' + ip + udp


def read(path):
    """The scenarios of a file. Each begins with a line `scenario TITLE`; a line `include FILE` puts
    another file's lines in its place."""
    scenarios = []
    lines = []
    with open(path, encoding='utf-8') as f:
        for number, line in enumerate(f, 1):
            if line.startswith('include '):
                with open(os.path.join(HERE, line.split()[1]), encoding='utf-8') as g:
                    lines += [(number, text) for text in g]
            else:
                lines.append((number, line))
    for number, line in lines:
        if line.lstrip().startswith('#') or not line.strip():
            continue
        words = shlex.split(line, posix=False)
        try:
            if words[0] == 'scenario':
                scenarios.append(Scenario(path, line.split(None, 1)[1].strip()))
                continue
            if not scenarios:
                raise ScenarioError('want a line "scenario TITLE" first')
            handler = getattr(scenarios[-1], 'word_' + words[0].replace('-', '_'), None)
            if handler is None:
                raise ScenarioError('no such word: %s' % words[0])
            handler(words[1:])
        except (ScenarioError, ValueError, LookupError, StopIteration, OSError,
                dns.exception.DNSException) as e:
            raise ScenarioError('%s:%d: %s: %r' % (path, number, line.strip(), e)) from e
    return scenarios
