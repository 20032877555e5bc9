"""Records as octets, and what RFC 4034 and RFC 5155 compute from them."""
import base64
import hashlib
import io
import struct
from typing import NamedTuple

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

IN = dns.rdataclass.IN
A, NS, CNAME, SOA = (dns.rdatatype.A, dns.rdatatype.NS, dns.rdatatype.CNAME, dns.rdatatype.SOA)
DNAME, DS, RRSIG = dns.rdatatype.DNAME, dns.rdatatype.DS, dns.rdatatype.RRSIG
NSEC, NSEC3, NSEC3PARAM = dns.rdatatype.NSEC, dns.rdatatype.NSEC3, dns.rdatatype.NSEC3PARAM
DNSKEY, ANY, OPT = dns.rdatatype.DNSKEY, dns.rdatatype.ANY, dns.rdatatype.OPT
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3
RRSIG_HEAD = struct.Struct('!HBBIIIH')
B32 = bytes.maketrans(b'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', b'0123456789abcdefghijklmnopqrstuv')


class RR(NamedTuple):
    """One record; `rdata` as on the wire, without compression."""

    name: dns.name.Name
    rdtype: int
    ttl: int
    rdata: bytes

    @property
    def covers(self):
        """The type that an RRSIG covers; of any other record its own."""
        return struct.unpack_from('!H', self.rdata)[0] if self.rdtype == RRSIG else self.rdtype

    def belongs(self, name, rdtype):
        """Whether this is a record, or a signature, of that RRset."""
        return self.name == name and self.covers == rdtype

    def parsed(self):
        return dns.rdata.from_wire(IN, self.rdtype, self.rdata, 0, len(self.rdata))

    def to_text(self):
        try:
            text = self.parsed().to_text()
        except Exception:  # what was broken may not be readable
            text = f'\\# {len(self.rdata)} {self.rdata.hex()}'
        return f'{self.name} {self.ttl} IN {dns.rdatatype.to_text(self.rdtype)} {text}'


class Signature(NamedTuple):
    """The rdata of an RRSIG, taken apart."""

    covers: int
    algorithm: int
    labels: int
    ttl: int
    expiration: int
    inception: int
    tag: int
    signer: dns.name.Name
    octets: bytes

    @classmethod
    def parse(cls, rdata):
        signer, used = dns.name.from_wire(rdata, 18)
        return cls(*RRSIG_HEAD.unpack_from(rdata), signer, rdata[18 + used:])

    def head(self, signer):
        return RRSIG_HEAD.pack(*self[:7]) + signer

    def to_wire(self):
        return self.head(self.signer.to_wire()) + self.octets


def from_text(rdtype, text):
    """The rdata of a record in words, as octets."""
    return dns.rdata.from_text(IN, rdtype, text, relativize=False).to_wire()


def digestable(rdtype, rdata):
    """Canonical form of rdata (RFC 4034 6.2, and for NSEC RFC 6840 5.1)."""
    if rdtype in (DS, DNSKEY, NSEC, NSEC3):  # no names to be lowered, and broken ones can be signed
        return rdata
    return dns.rdata.from_wire(IN, rdtype, rdata, 0, len(rdata)).to_digestable()


def label_count(name):
    """What belongs in the labels field of the signature of an owner (RFC 4034 3.1.3)."""
    return len(name.labels) - 1 - (name.labels[0] == b'*')


def signed_data(owner, rdtype, rdatas, signature):
    """What is signed (RFC 4034 3.1.8.1)."""
    labels = len(owner.labels) - 1
    if signature.labels < labels and not (owner.labels[0] == b'*'
                                          and signature.labels == labels - 1):
        owner = dns.name.Name((b'*',) + owner.labels[labels - signature.labels:])
    data = signature.head(signature.signer.canonicalize().to_wire())
    head = owner.canonicalize().to_wire() + struct.pack('!HHI', rdtype, IN, signature.ttl)
    for one in sorted({digestable(rdtype, r) for r in rdatas}):
        data += head + struct.pack('!H', len(one)) + one
    return data


def bitmap(types):
    """Type bitmap windows (RFC 4034 4.1.2)."""
    windows = {}
    for t in types:
        windows.setdefault(t >> 8, bytearray(32))[(t & 255) >> 3] |= 0x80 >> (t & 7)
    out = b''
    for window, bits in sorted(windows.items()):
        bits = bytes(bits).rstrip(b'\0')
        out += bytes([window, len(bits)]) + bits
    return out


def bitmap_types(octets):
    """The set of types in type bitmap windows."""
    types = set()
    while octets:
        window, length = octets[0], octets[1]
        for at, bits in enumerate(octets[2:2 + length]):
            types.update(window << 8 | at << 3 | bit for bit in range(8) if bits & 0x80 >> bit)
        octets = octets[2 + length:]
    return types


class Denial(NamedTuple):
    """The rdata of an NSEC or NSEC3: what stands before `next`, `next` itself, and the types."""

    head: bytes  # NSEC3: algorithm, flags, iterations, salt, and the length of a hash
    next: bytes  # a name as on the wire, or a hash
    types: frozenset

    @classmethod
    def parse(cls, rr):
        head, rest = b'', rr.rdata
        if rr.rdtype == NSEC:
            used = dns.name.from_wire(rest, 0)[1]
        else:
            start = 6 + rest[4]
            head, rest, used = rest[:start], rest[start:], rest[start - 1]
        return cls(head, rest[:used], frozenset(bitmap_types(rest[used:])))

    def to_wire(self):
        return self.head + self.next + bitmap(self.types)


def nsec3_hash(name, salt, iterations):
    digest = hashlib.sha1(name.canonicalize().to_wire() + salt).digest()
    for _ in range(iterations):
        digest = hashlib.sha1(digest + salt).digest()
    return digest


def hash_label(digest):
    return base64.b32encode(digest).translate(B32)


class Reply:
    """What answers one question: a rcode and records."""

    def __init__(self, qname, qtype):
        self.qname, self.qtype = qname, qtype
        self.rcode = NOERROR
        self.answer, self.authority = [], []

    def copy(self):
        other = Reply(self.qname, self.qtype)
        other.rcode = self.rcode
        other.answer, other.authority = list(self.answer), list(self.authority)
        return other

    def records(self):
        return self.answer + self.authority

    def rrsets(self, signed_only=False):
        """(name, type) of the RRsets, in order of their records; with `signed_only` of those
        that have both data and a signature."""
        own = dict.fromkeys((r.name, r.rdtype) for r in self.records() if r.rdtype != RRSIG)
        signed = {(r.name, r.covers) for r in self.records() if r.rdtype == RRSIG}
        return [k for k in own if not signed_only or k in signed]

    def replace(self, change):
        """Put change(record), a list of records, in place of each record."""
        self.answer = [new for r in self.answer for new in change(r)]
        self.authority = [new for r in self.authority for new in change(r)]

    def target(self):
        """Where a resolver goes on, or None."""
        if self.qtype in (CNAME, ANY):
            return None
        if any(r.name == self.qname and r.rdtype == self.qtype for r in self.answer):
            return None
        for r in self.answer:
            if r.name == self.qname and r.rdtype == CNAME:
                return dns.name.from_wire(r.rdata, 0)[0]
        return None

    def to_wire(self, ident=0, question=None, size=65535):
        """A response with OPT and DO; the header alone with TC where it is over `size`."""
        question = question or question_wire(self.qname, self.qtype)
        out = io.BytesIO()
        out.write(b'\0' * 12 + question)
        compress = {}
        for r in self.answer + self.authority:
            name_wire(out, r.name, compress)
            out.write(struct.pack('!HHIH', r.rdtype, IN, r.ttl, len(r.rdata)) + r.rdata)
        out.write(b'\0' + struct.pack('!HHIH', OPT, 1232, 0x8000, 0))
        counts = (1, len(self.answer), len(self.authority), 1)
        wire, flags = out.getvalue(), 0x8180 | self.rcode
        if len(wire) > size:
            counts, flags = (1, 0, 0, 0), flags | 0x0200
            wire = wire[:12 + len(question)]
        return struct.pack('!HHHHHH', ident, flags, *counts) + wire[12:]

    def to_text(self):
        lines = [f';; {self.qname} {dns.rdatatype.to_text(self.qtype)} rcode {self.rcode}']
        lines += [f'answer    {r.to_text()}' for r in self.answer]
        lines += [f'authority {r.to_text()}' for r in self.authority]
        return '\n'.join(lines)


def name_wire(out, name, seen):
    """Write a name; of one that was written before, in the same letters, a pointer to it."""
    at = seen.get(name.labels)
    if at is not None:
        out.write(struct.pack('!H', 0xc000 | at))
        return
    if out.tell() < 0x3fff and len(name.labels) > 1:
        seen[name.labels] = out.tell()
    name.to_wire(out)


def question_wire(qname, qtype):
    return qname.to_wire() + struct.pack('!HH', qtype, IN)


def query_wire(ident, qname, qtype):
    """A query with RD, CD and DO."""
    return struct.pack('!HHHHHH', ident, 0x0110, 1, 0, 0, 1) + question_wire(qname, qtype) \
        + b'\0' + struct.pack('!HHIH', OPT, 1232, 0x8000, 0)
