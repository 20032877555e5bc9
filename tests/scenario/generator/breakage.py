"""Ways to break an answer, by name, and some that change it and must not matter.

Each is a function of a Breaker that changes the reply of one hop and returns True, or returns
False where it has nothing to work on. What is signed anew is signed with the zone's own keys, as
if its operator had made the mistake.
"""
import random

import dns.name
import dns.rdatatype

from .keys import Key
from .records import (CNAME, DNAME, DNSKEY, DS, NS, NSEC, NSEC3, NXDOMAIN, RR, RRSIG, SOA, Denial,
                      Reply, Signature, from_text)
from .zone import TTL, unique, wildcard

DAY = 86400
PROOFS = (NSEC, NSEC3)
BREAKAGES = {}  # name -> (function, weight, of which questions: None for all)


def breakage(weight=4, only=None):
    def register(function):
        BREAKAGES[function.__name__.replace('_', '-')] = (function, weight, only)
        return function
    return register


def flipped(octets, bit):
    at = bit >> 3
    return octets[:at] + bytes([octets[at] ^ 1 << (bit & 7)]) + octets[at + 1:]


class Breaker:
    """One hop to be broken: its zone, its reply (a copy), and a source of randomness."""

    def __init__(self, tree, hop, rng):
        self.tree, self.rng = tree, rng
        self.zone = tree.zone_of(hop.qname, hop.qtype)
        self.reply = hop.copy()
        self.note = ''

    @property
    def qname(self):
        return self.reply.qname

    @property
    def qtype(self):
        return self.reply.qtype

    def pick(self, among):
        """One of them, or None where there is none."""
        among = list(among)
        return self.rng.choice(among) if among else None

    def signed(self, types=None):
        """An RRset of the reply that has signatures, or None."""
        picked = self.pick(k for k in self.reply.rrsets(True) if types is None or k[1] in types)
        if picked:
            self.note += f' {picked[0]} {dns.rdatatype.to_text(picked[1])}'
        return picked

    def rdatas(self, name, rdtype):
        return [r.rdata for r in self.reply.records() if (r.name, r.rdtype) == (name, rdtype)]

    def change(self, key, new):
        """Put new(record), a list, in place of each record and signature of an RRset."""
        self.reply.replace(lambda r: new(r) if r.belongs(*key) else [r])

    def change_signatures(self, key, new):
        """Put new(rdata) in place of the rdata of each signature of an RRset."""
        self.change(key, lambda r: [r._replace(rdata=new(r.rdata))] if r.rdtype == RRSIG else [r])

    def resign(self, key, **fields):
        """Sign an RRset anew with the keys that signed it, with other fields."""
        rdatas = self.rdatas(*key)

        def signature(rdata):
            old = Signature.parse(rdata)
            zone = self.tree.zones[old.signer]
            by = next(k for k in zone.keys if k.tag == old.tag and k.algorithm == old.algorithm)
            return zone.sign(key[0], key[1], old.ttl, rdatas, by,
                             **{'labels': old.labels, **fields})
        self.change_signatures(key, signature)

    def set_rdatas(self, key, rdatas):
        """Other data for an RRset, signed anew."""
        left = list(rdatas)
        self.change(key, lambda r: [r] if r.rdtype == RRSIG else [])
        section = self.reply.answer if any(r.belongs(*key) for r in self.reply.answer) \
            else self.reply.authority
        at = next(i for i, r in enumerate(section) if r.belongs(*key))
        section[at:at] = [RR(key[0], key[1], TTL, r) for r in left]
        self.resign(key)

    def deny(self, proof, rcode=0):
        """A negative answer in place of what was there."""
        self.reply = Reply(self.qname, self.qtype)
        self.zone.negative(self.reply, proof, rcode)
        return True

    def is_positive(self):
        return bool(self.zone.keys) and bool(self.reply.answer)

    def proofs(self):
        return [k for k in self.reply.rrsets() if k[1] in PROOFS]


# ---- octets ----

@breakage(8)
def flip_rdata(b):
    key = b.signed()
    if not key:
        return False
    rdata = b.pick(b.rdatas(*key))
    for _ in range(20):
        changed = flipped(rdata, b.rng.randrange(8 * len(rdata)))
        try:
            RR(key[0], key[1], 0, changed).parsed().to_wire()
        except Exception:  # not to be read: that is about messages, not about signatures
            continue
        b.change(key, lambda r: [r._replace(rdata=changed)] if r.rdata == rdata else [r])
        return True
    return False


@breakage(6)
def flip_signature(b):
    key = b.signed()
    if not key:
        return False

    def new(rdata):
        s = Signature.parse(rdata)
        return s._replace(octets=flipped(s.octets, b.rng.randrange(8 * len(s.octets)))).to_wire()
    b.change_signatures(key, new)
    return True


@breakage(6)
def flip_signature_field(b):
    key = b.signed()
    if key:
        bit = b.rng.randrange(16, 8 * 18)
        b.note += f' bit {bit}'
        b.change_signatures(key, lambda rdata: flipped(rdata, bit))
    return bool(key)


@breakage(2)
def short_signature(b):
    key = b.signed()
    if key:
        b.change_signatures(key, lambda rdata: rdata[:-1])
    return bool(key)


@breakage(3)
def flip_owner(b):
    """Another letter in the owner of an RRset, but not in that of its signatures, or in both."""
    key = b.signed()
    if not key or not key[0].labels[0] or key[0] == b.qname:
        return False
    label = key[0].labels[0]
    name = dns.name.Name((flipped(label, 8 * b.rng.randrange(len(label))),) + key[0].labels[1:])
    both = b.rng.random() < 0.7
    b.change(key, lambda r: [r._replace(name=name)] if both or r.rdtype != RRSIG else [r])
    return True


# ---- something is missing ----

@breakage(6)
def drop_signatures(b):
    key = b.signed()
    if key:
        b.change(key, lambda r: [] if r.rdtype == RRSIG else [r])
    return bool(key)


@breakage(4)
def drop_one_record(b):
    gone = b.pick(b.reply.records())
    if gone is None:
        return False
    b.note += ' ' + gone.to_text()[:60]
    b.reply.replace(lambda r: [] if r is gone else [r])
    return True


@breakage(5)
def drop_rrset(b):
    key = b.pick(b.reply.rrsets())
    if key is None:
        return False
    b.note += f' {key[0]} {dns.rdatatype.to_text(key[1])}'
    b.change(key, lambda r: [])
    return True


@breakage(4)
def drop_proof(b):
    found = b.proofs()
    b.reply.replace(lambda r: [] if r.covers in PROOFS else [r])
    return bool(found)


@breakage(6)
def drop_one_of_proof(b):
    found = b.proofs()
    if found:
        key = b.pick(found)
        b.note += f' {key[0]}'
        b.change(key, lambda r: [])
    return bool(found)


@breakage(4)
def unsigned_copy(b):
    before = len(b.reply.records())
    b.reply.replace(lambda r: [] if r.rdtype == RRSIG or r.rdtype in PROOFS else [r])
    return len(b.reply.records()) < before


@breakage(2)
def nothing_at_all(b):
    b.reply.answer, b.reply.authority = [], []
    return True


# ---- signatures of the zone's own that are wrong ----

@breakage(5)
def expired(b):
    key = b.signed()
    if key:
        b.resign(key, inception=b.zone.now - 20 * DAY, expiration=b.zone.now - 3600)
    return bool(key)


@breakage(4)
def not_yet_valid(b):
    key = b.signed()
    if key:
        b.resign(key, inception=b.zone.now + 3600, expiration=b.zone.now + 20 * DAY)
    return bool(key)


@breakage(2)
def expires_before_it_begins(b):
    key = b.signed()
    if key:
        b.resign(key, inception=b.zone.now + DAY, expiration=b.zone.now - DAY)
    return bool(key)


@breakage(3)
def wrong_tag(b):
    key = b.signed()
    if key:
        wrong = b.rng.randrange(65536)
        b.change_signatures(key, lambda r: Signature.parse(r)._replace(tag=wrong).to_wire())
    return bool(key)


@breakage(4)
def wrong_algorithm(b):
    key = b.signed()
    if key:
        other = b.pick((5, 7, 8, 13, 15, 100, 200))
        b.note += f' algorithm {other}'
        b.change_signatures(key, lambda r: Signature.parse(r)._replace(algorithm=other).to_wire())
    return bool(key)


@breakage(4)
def labels_less(b):
    """Signed as if the owner had been expanded from a wildcard."""
    key = b.signed()
    if not key or len(key[0].labels) < 2:
        return False
    b.resign(key, labels=b.rng.randrange(len(key[0].labels) - 1))
    return True


@breakage(3)
def labels_more(b):
    key = b.signed()
    if key:
        b.resign(key, labels=len(key[0].labels) + b.rng.randrange(3))
    return bool(key)


@breakage(4)
def signed_by_other_zone(b):
    """A genuine signature of another zone of the tree, above, below or beside."""
    key = b.signed()
    other = b.pick(z for z in b.tree.zones.values() if z.keys and z is not b.zone)
    if not key or other is None:
        return False
    b.note += f' by {other.name}'
    rdatas, by = b.rdatas(*key), other.signers(SOA)[0]
    b.change_signatures(key, lambda r: other.sign(key[0], key[1], TTL, rdatas, by,
                                                  labels=Signature.parse(r).labels))
    return True


@breakage(3)
def signer_name_of_other(b):
    key = b.signed()
    if not key:
        return False
    other = b.pick([z.name for z in b.tree.zones.values()] + [key[0]])
    b.note += f' {other}'
    b.resign(key, signer=other)
    return True


@breakage(3)
def signed_by_unpublished_key(b):
    key = b.signed()
    if not key:
        return False
    algorithm = b.zone.keys[0].algorithm if b.zone.keys else 13
    by = Key(algorithm, 999, {'data'}, 256)
    rdatas = b.rdatas(*key)
    b.change_signatures(key, lambda r: b.zone.sign(key[0], key[1], TTL, rdatas, by,
                                                   labels=Signature.parse(r).labels))
    return True


@breakage(3)
def signature_of_other_type(b):
    key = b.signed()
    if key:
        b.change_signatures(key, lambda r: b'\0\x10' + r[2:])
    return bool(key)


# ---- denial that proves something else ----

@breakage(7)
def other_rcode(b):
    b.reply.rcode = 0 if b.reply.rcode == NXDOMAIN else NXDOMAIN
    return True


def any_proof(b, zone=None):
    """Some NSEC or NSEC3 of a zone, or None."""
    zone = zone or b.zone
    return zone.chain_rrset(b.pick(zone.order)) if zone.keys else None


@breakage(7)
def replayed_proof(b):
    """One RRset of the proof is another of the same zone, genuine."""
    found, other = b.proofs(), any_proof(b)
    if not found or other is None or any(r in b.reply.authority for r in other):
        return False
    gone = b.pick(found)
    b.note += f' {gone[0]} -> {other[0].name}'
    b.change(gone, lambda r: [])
    b.reply.authority += other
    return True


@breakage(4)
def proof_of_another_name(b):
    """All that denies another name of the zone, or one that is there."""
    if not b.zone.keys:
        return False
    name = b.pick(list(b.zone.data) + [b.qname])
    if b.rng.random() < 0.5:
        name = dns.name.Name((b.pick((b'a', b'q', b'zzzz')),) + name.labels)
    if name == b.zone.name or not name.is_subdomain(b.zone.name):
        return False
    b.note += f' {name}'
    return b.deny(b.zone.prove_no_name(name), b.pick((0, NXDOMAIN)))


@breakage(6)
def existing_data_denied(b):
    if not b.is_positive() or b.qname not in b.zone.data:
        return False
    own = b.zone.matching(b.qname)
    return own is not None and b.deny(own)


@breakage(5)
def existing_name_denied(b):
    """NXDOMAIN for a name that is there, with the records on both sides of it."""
    if not b.zone.keys or b.qname not in b.zone.nodes or b.qname == b.zone.name:
        return False
    return b.deny(b.zone.prove_no_name(b.qname), NXDOMAIN)


@breakage(6)
def denied_by_parent(b):
    """What is below a cut, denied with the parent's record of the cut or around it."""
    parent = b.zone.parent
    if parent is None or not parent.keys:
        return False
    cut = b.zone.name
    proof = parent.prove_no_data(cut)
    if b.rng.random() < 0.5 and b.qname != cut:
        proof = unique(proof + parent.prove_no_name(b.qname))
    keep = b.zone
    b.zone = parent if b.rng.random() < 0.7 else keep
    return b.deny(proof, b.pick((0, NXDOMAIN)))


@breakage(10, (DS,))
def denied_by_child(b):
    """The absence of DS shown by the zone below the cut."""
    child = b.tree.zones.get(b.qname)
    if child is None or not child.keys or child.parent is None:
        return False
    b.zone = child
    return b.deny(child.matching(child.name))


@breakage(4)
def denied_by_other_zone(b):
    other = b.pick(z for z in b.tree.zones.values() if z.keys and z is not b.zone)
    if other is None:
        return False
    b.note += f' {other.name}'
    proof = any_proof(b, other) + any_proof(b, other)
    if b.rng.random() < 0.5:
        b.zone = other
    return b.deny(proof, b.pick((0, NXDOMAIN)))


@breakage(5)
def expanded_nsec(b):
    """The NSEC of a wildcard under the name that was asked for."""
    if not b.zone.keys or b.zone.nsec3:
        return False
    wild = b.pick(n for n in b.zone.chain if n.labels[0] == b'*'
                  and b.qname.is_subdomain(n.parent()) and b.qname != n.parent())
    if wild is None:
        return False
    proof = [r._replace(name=b.qname) for r in b.zone.rrset(wild, NSEC)]
    if b.reply.answer and b.rng.random() < 0.6:
        b.reply.authority = proof
        return True
    return b.deny(proof + (b.zone.covering(b.qname) if b.rng.random() < 0.3 else []),
                  b.pick((0, 0, NXDOMAIN)))


@breakage(6)
def wildcard_in_place(b):
    """An answer from a wildcard for a name that is there, or that another stands closer to."""
    wild = b.pick(n for n in b.zone.data if n.labels and n.labels[0] == b'*'
                  and b.qname.is_subdomain(n.parent()) and b.qname != n.parent())
    if not b.zone.keys or wild is None or wild == b.qname:
        return False
    rdtype = b.pick(b.zone.data[wild])
    if rdtype not in (b.qtype, CNAME):
        return False
    b.note += f' {wild}'
    proof = b.pick((b.reply.authority, b.zone.covering(b.qname), any_proof(b)))
    b.reply = Reply(b.qname, b.qtype)
    b.reply.answer = [r._replace(name=b.qname) for r in b.zone.rrset(wild, rdtype)]
    b.reply.authority = unique(proof)
    return True


@breakage(4)
def wildcard_by_encloser_alone(b):
    """Denial of a wildcard and not of the name, or of the name and not of the wildcard."""
    if b.reply.rcode != NXDOMAIN or not b.zone.keys or not b.proofs():
        return False
    above = next(n for n in b.zone.between(b.qname) if n in b.zone.nodes)
    return b.deny(b.pick((b.zone.covering(wildcard(above)), b.zone.covering(b.qname))), NXDOMAIN)


@breakage(3)
def data_denied_for_no_name(b):
    """NODATA with the NSEC or NSEC3 of the closest encloser."""
    if not b.zone.keys or b.qname in b.zone.nodes:
        return False
    above = next(n for n in b.zone.between(b.qname) if n in b.zone.nodes)
    own = b.zone.matching(above)
    return own is not None and b.deny(own, b.pick((0, NXDOMAIN)))


# ---- denial that is signed and wrong in itself ----

def change_denial(b, new, types=PROOFS):
    """Change one NSEC or NSEC3 and sign it; new(Denial) gives another."""
    key = b.signed(types)
    if not key:
        return False
    rr = next(r for r in b.reply.records() if (r.name, r.rdtype) == key)
    changed = new(Denial.parse(rr)).to_wire()
    if changed == rr.rdata:
        return False
    b.set_rdatas(key, [changed])
    return True


@breakage(6)
def type_in_bitmap(b):
    added = b.pick((b.qtype, CNAME, DNAME, NS, SOA, DS))
    b.note += f' {dns.rdatatype.to_text(added)}'
    return change_denial(b, lambda d: d._replace(types=d.types | {added}))


@breakage(5)
def type_not_in_bitmap(b):
    def new(d):
        gone = b.pick(sorted(d.types))
        b.note += f' {gone and dns.rdatatype.to_text(gone)}'
        return d._replace(types=d.types - {gone})
    return change_denial(b, new)


@breakage(5)
def other_next(b):
    """The end of the span is somewhere else: the apex, the owner itself, the other zone, anywhere."""
    def new(d):
        if d.head:
            other = b.pick((b.rng.randbytes(20), b'\xff' * 20, bytes(20)))
        else:
            name = b.pick([b.zone.name, b.qname, b.qname.parent() if len(b.qname.labels) > 1
                           else b.qname] + [z.name for z in b.tree.zones.values()])
            b.note += f' {name}'
            other = name.to_wire()
        return d._replace(next=other)
    return change_denial(b, new)


@breakage(4)
def opt_out_set(b):
    """Every NSEC3 of the reply has the opt-out flag."""
    found = [k for k in b.reply.rrsets(True) if k[1] == NSEC3]
    for key in found:
        d = Denial.parse(next(r for r in b.reply.records() if (r.name, r.rdtype) == key))
        b.set_rdatas(key, [d._replace(head=d.head[:1] + b'\1' + d.head[2:]).to_wire()])
    return bool(found)


@breakage(3)
def nsec3_number(b):
    """Another hash algorithm, flags that nobody knows, other iterations or another salt."""
    def new(d):
        at = b.rng.randrange(3)
        if at == 0:
            return d._replace(head=b'\2' + d.head[1:])
        if at == 1:
            return d._replace(head=d.head[:1] + bytes([d.head[1] | 0x82]) + d.head[2:])
        return d._replace(head=d.head[:2] + b'\0' + bytes([d.head[3] ^ 1]) + d.head[4:])
    return change_denial(b, new, (NSEC3,))


@breakage(3)
def nsec3_iterations(b):
    """All NSEC3 have many iterations, and hashes that fit."""
    zone = b.zone
    if not zone.keys or not zone.nsec3 or not b.proofs() or zone.left_out:
        return False
    iterations = b.pick((49, 50, 51, 52, 149, 150, 151, 500, 2500))
    b.note += f' {iterations}'
    other = object.__new__(type(zone))
    other.__dict__.update(zone.__dict__)
    other.nsec3 = (iterations,) + zone.nsec3[1:]
    other.chain = other.nsec3_chain()
    other.order = sorted(other.chain)
    b.reply = other.reply(b.qname, b.qtype)
    return True


# ---- data ----

@breakage(3)
def record_beside(b):
    """A record more in a signed RRset."""
    key = b.signed()
    if not key or key[1] in (SOA, CNAME, DNAME):
        return False
    rr = next(r for r in b.reply.records() if (r.name, r.rdtype) == key)
    more = rr._replace(rdata=flipped(rr.rdata, 8 * len(rr.rdata) - 8))
    b.change(key, lambda r: [r, more] if r is rr else [r])
    return True


@breakage(4)
def junk_in_authority(b):
    """An unsigned RRset that nobody asked for."""
    name = b.pick((b.zone.name, b.qname))
    rdtype, rdata = b.pick(((NS, 'ns.evil.'), (16, '"evil"'), (1, '192.0.2.66')))
    b.note += f' {name} {dns.rdatatype.to_text(rdtype)}'
    b.reply.authority.append(RR(name, rdtype, TTL, from_text(rdtype, rdata)))
    return True


@breakage(3)
def junk_in_answer(b):
    name = b.pick((b.zone.name, dns.name.from_text('evil.')))
    if name == b.qname:
        return False
    b.reply.answer.append(RR(name, 16, TTL, from_text(16, '"evil"')))
    return True


@breakage(3)
def forged_synthesis(b):
    """The CNAME that comes with a DNAME leads somewhere else."""
    if not any(r.rdtype == DNAME for r in b.reply.answer):
        return False
    target = b.pick(b.tree.zones)
    b.reply.replace(lambda r: [r._replace(rdata=target.to_wire())]
                    if r.rdtype == CNAME and r.name == b.qname else [r])
    return True


@breakage(2)
def no_synthesis(b):
    """A DNAME without its CNAME, which whoever asked can make."""
    found = any(r.rdtype == DNAME for r in b.reply.answer)
    b.reply.replace(lambda r: [] if r.rdtype == CNAME and r.name == b.qname else [r])
    return found


@breakage(3)
def answer_of_another(b):
    """A genuine answer to the question for another name, under this name."""
    other = b.pick(n for n in b.zone.data if b.qtype in b.zone.data[n] and n != b.qname)
    if other is None or not b.zone.keys:
        return False
    b.note += f' {other}'
    b.reply = Reply(b.qname, b.qtype)
    b.reply.answer = [r._replace(name=b.qname) for r in b.zone.rrset(other, b.qtype)]
    return True


# ---- chain of trust ----

@breakage(10, (DNSKEY,))
def key_set_forged(b):
    """Another key signs itself."""
    if b.qname not in b.tree.zones or not b.zone.keys:
        return False
    mine = Key(b.zone.keys[0].algorithm, 1234, {'dnskey'}, 257)
    b.reply.answer = [RR(b.qname, DNSKEY, TTL, mine.rdata)]
    b.reply.answer.append(RR(b.qname, RRSIG, TTL, b.zone.sign(b.qname, DNSKEY, TTL, [mine.rdata],
                                                             mine)))
    return True


@breakage(10, (DNSKEY,))
def key_dropped(b):
    """One key fewer, signed by those that are left, or not signed anew."""
    own = b.rdatas(b.qname, DNSKEY)
    if len(own) < 2:
        return False
    gone = b.pick(own)
    b.note += f' {[k.tag for k in b.zone.keys if k.rdata == gone]}'
    key = (b.qname, DNSKEY)
    b.change(key, lambda r: [] if r.rdata == gone else [r])
    if b.rng.random() < 0.7:
        b.resign(key)
    return True


@breakage(10, (DNSKEY,))
def key_set_signed_by_data_key(b):
    """Signed, but by no key that DS points to."""
    by = b.pick(k for k in b.zone.keys if k not in b.zone.entry and k.private)
    if b.qname not in b.tree.zones or by is None or not b.rdatas(b.qname, DNSKEY):
        return False
    rdatas = b.rdatas(b.qname, DNSKEY)
    b.reply.answer = [r for r in b.reply.answer if r.rdtype != RRSIG]
    b.reply.answer.append(RR(b.qname, RRSIG, TTL, b.zone.sign(b.qname, DNSKEY, TTL, rdatas, by)))
    return True


@breakage(14, (DNSKEY,))
def key_flags(b):
    """A key with other flags or another protocol; DS follows in half of the cases."""
    if b.qname not in b.tree.zones or not b.zone.keys or b.zone.parent is None:
        return False
    old = b.pick(b.zone.entry)
    flags, protocol = b.pick(((old.flags | 128, 3), (old.flags & ~256, 3), (old.flags ^ 1, 3),
                              (old.flags | 0x8000, 3), (old.flags, 2)))
    new = old.with_flags(flags, protocol)
    b.note += f' flags {flags} protocol {protocol}'
    other = object.__new__(type(b.zone))
    other.__dict__.update(b.zone.__dict__)
    keys = [new if k is old else k for k in b.zone.keys]
    rdatas = [k.rdata for k in keys]
    b.reply.answer = [RR(b.qname, DNSKEY, TTL, r) for r in rdatas]
    b.reply.answer += [RR(b.qname, RRSIG, TTL, other.sign(b.qname, DNSKEY, TTL, rdatas, k))
                       for k in keys if 'dnskey' in k.roles]
    if b.rng.random() < 0.6:
        ds = b.tree.hop(b.qname, DS)
        if not any(r.rdtype == DS for r in ds.answer):
            return True
        below = Breaker(b.tree, ds, b.rng)
        if not below.reply.rrsets(True):
            return True
        below.set_rdatas((b.qname, DS), [new.ds(b.qname, 2)])
        b.also = {(b.qname, DS): below.reply}
        b.note += ' and DS'
    return True


@breakage(14, (DS,))
def ds_of_another_key(b):
    """DS with another digest, another key's, of an algorithm or digest that nobody knows; signed."""
    rdatas = b.rdatas(b.qname, DS)
    if not rdatas or not b.zone.keys or not b.reply.rrsets(True):
        return False
    choices = [flipped(rdatas[0], 8 * len(rdatas[0]) - 1),
               Key(13, 77, set(), 257).ds(b.qname, 2),
               rdatas[0][:2] + bytes([b.pick((100, 200, 13, 8))]) + rdatas[0][3:],
               rdatas[0][:3] + bytes([b.pick((3, 100, 1))]) + rdatas[0][4:],
               rdatas[0][:-1]]
    new = b.pick(choices)
    b.note += f' {new[:4].hex()}'
    b.set_rdatas((b.qname, DS), b.pick(([new], [new], unique([new] + rdatas))))
    return True


@breakage(8, (DS,))
def ds_of_unknown_unsigned(b):
    """A DS of an unknown algorithm, with a signature that does not hold: no way to insecurity."""
    rdatas = b.rdatas(b.qname, DS)
    if not rdatas or not b.reply.rrsets(True):
        return False
    new = rdatas[0][:2] + b'\xc8' + rdatas[0][3:]
    b.change((b.qname, DS), lambda r: [r] if r.rdtype == RRSIG else
             ([r._replace(rdata=new)] if r.rdata == rdatas[0] else []))
    return True


# ---- what must not matter ----

@breakage(4)
def harmless_order(b):
    b.rng.shuffle(b.reply.answer)
    b.rng.shuffle(b.reply.authority)
    return len(b.reply.records()) > 1


@breakage(4)
def harmless_letters(b):
    """Other letters in owners, except that of what was asked."""
    def upper(name):
        return dns.name.Name(tuple(label.upper() for label in name.labels))
    b.reply.replace(lambda r: [r._replace(name=upper(r.name))])
    return bool(b.reply.records())


@breakage(4)
def harmless_ttl(b):
    """Lower or above the original."""
    ttl = b.pick((0, 1, 1800, 7200, 86400))
    b.reply.replace(lambda r: [r._replace(ttl=ttl)])
    return bool(b.reply.records())


@breakage(3)
def harmless_duplicate(b):
    twice = b.pick(b.reply.records())
    b.reply.replace(lambda r: [r, r] if r is twice else [r])
    return twice is not None


@breakage(5)
def harmless_signature_beside(b):
    """A signature more, that does not hold: expired, of an unknown key or algorithm, or broken."""
    key = b.signed()
    if not key:
        return False
    first = next(r for r in b.reply.records() if r.rdtype == RRSIG and r.belongs(*key))
    s = Signature.parse(first.rdata)
    worse = b.pick((s._replace(expiration=b.zone.now - 60), s._replace(tag=s.tag ^ 1),
                    s._replace(algorithm=200), s._replace(octets=flipped(s.octets, 9)),
                    s._replace(signer=b.pick(b.tree.zones))))
    more = first._replace(rdata=worse.to_wire())
    front = b.rng.random() < 0.6
    b.reply.replace(lambda r: ([more, r] if front else [r, more]) if r is first else [r])
    return True


@breakage(4)
def harmless_proof_beside(b):
    other = any_proof(b)
    if other is None or any(r in b.reply.authority for r in other):
        return False
    b.reply.authority += other
    return True


@breakage(3)
def harmless_apex_ns(b):
    """NS of the zone in authority, as many servers add it."""
    if b.reply.rcode or any(r.rdtype == SOA for r in b.reply.authority) or not b.reply.answer:
        return False
    b.reply.authority = unique(b.reply.authority + b.zone.rrset(b.zone.name, NS))
    return True


# ---- which of them, and where ----

def links(tree, hop):
    """The questions of the chain of trust of a hop."""
    zone, out = tree.zone_of(hop.qname, hop.qtype), []
    while zone.parent is not None:
        out += [(zone.name, DS), (zone.name, DNSKEY)]
        zone = zone.parent
    return out


def where(case, rng):
    """The hop to be broken: of the answer itself, or of the chain of trust that leads to it."""
    hops = case.plain.hops(case.qname, case.qtype)
    chain = [link for h in hops for link in links(case.tree, h)]
    if chain and rng.random() < 0.25:
        return case.plain.hop(*rng.choice(chain))
    return rng.choice(hops)


def apply(case, rng: random.Random):
    """Break a case in one way, if one of those drawn finds something to work on."""
    for _ in range(40):
        hop = where(case, rng)
        fitting = {n: w for n, (_, w, only) in BREAKAGES.items()
                   if only is None or hop.qtype in only}
        name = rng.choices(list(fitting), list(fitting.values()))[0]
        b = Breaker(case.tree, hop, rng)
        if BREAKAGES[name][0](b):
            case.breakage = name
            case.changed = {(hop.qname, hop.qtype): b.reply, **getattr(b, 'also', {})}
            case.note = f'at {hop.qname} {dns.rdatatype.to_text(hop.qtype)}:{b.note}'
            return
