"""A signed zone and the answers of its server: RFC 1034, 4035 and 5155, without referrals."""
import functools
import struct

import dns.name

from .records import (ANY, CNAME, DNAME, DNSKEY, DS, NS, NSEC, NSEC3, NSEC3PARAM, NXDOMAIN, RR,
                      RRSIG, SOA, Reply, Signature, bitmap, hash_label, label_count, nsec3_hash,
                      signed_data)


TTL = 3600
WILD = b'*'


class Zone:
    """`data` is {name: {type: [rdata]}}, glue not among it.

    `nsec3` is None, or (iterations, salt, opt_out); then `left_out` holds the insecure cuts that
    the chain does without. An unsigned zone has no keys.
    """

    def __init__(self, name, parent, now):
        self.name, self.parent, self.now = name, parent, now
        self.data = {}
        self.keys = []      # what the DNSKEY RRset shows
        self.nsec3 = None
        self.left_out = set()
        self.kind = 'secure'
        self.cuts = {}      # name -> Zone
        self.notes = []

    # ---- what the tree puts in ----

    def add(self, name, rdtype, *rdatas):
        kept = self.data.setdefault(name, {}).setdefault(rdtype, [])
        kept.extend(r for r in rdatas if r not in kept)

    def close(self):
        """Everything is in: build the chain of denial."""
        if self.keys:
            self.add(self.name, DNSKEY, *(k.rdata for k in self.keys))
        if self.keys and self.nsec3:
            iterations, salt, _ = self.nsec3
            self.add(self.name, NSEC3PARAM, struct.pack('!BBHB', 1, 0, iterations, len(salt))
                     + salt)
        self.nodes = set()  # names that are there, empty non-terminals among them
        for name in self.data:
            self.nodes.update(self.between(name))
        if self.keys:
            self.chain = self.nsec3_chain() if self.nsec3 else self.nsec_chain()
            self.order = sorted(self.chain)

    def between(self, name):
        """The name and those above it up to the apex."""
        while True:
            yield name
            if name == self.name:
                return
            name = name.parent()

    def types(self, name):
        """What the bitmap of a name shows."""
        types = set(self.data.get(name, ()))
        if name in self.cuts:
            types &= {NS, DS}
        if types and (name not in self.cuts or DS in types):
            types.add(RRSIG)
        return types

    def nsec_chain(self):
        """{owner: rdata}"""
        owners = sorted(self.data)
        return {o: n.to_wire() + bitmap(self.types(o) | {NSEC, RRSIG})
                for o, n in zip(owners, owners[1:] + owners[:1])}

    def hashed(self, name):
        iterations, salt, _ = self.nsec3
        return nsec3_hash(name, salt, iterations)

    def nsec3_chain(self):
        """{hash: rdata}"""
        iterations, salt, opt_out = self.nsec3
        names = set()
        for name in self.data:
            if name not in self.left_out:
                names.update(self.between(name))
        self.hash_of = {self.hashed(n): n for n in names}
        order = sorted(self.hash_of)
        head = struct.pack('!BBHB', 1, opt_out, iterations, len(salt)) + salt + b'\x14'
        return {h: head + n + bitmap(self.types(self.hash_of[h]))
                for h, n in zip(order, order[1:] + order[:1])}

    # ---- signatures ----

    def signers(self, rdtype):
        role = 'dnskey' if rdtype == DNSKEY else 'data'
        return [k for k in self.keys if role in k.roles]

    def sign(self, owner, rdtype, ttl, rdatas, key, **other):
        """The RRSIG rdata of an RRset; `other` overrides fields of a Signature, but the octets."""
        s = Signature(rdtype, key.algorithm, label_count(owner), ttl, self.now + 10 * 86400,
                      self.now - 10 * 86400, key.tag, self.name, b'')._replace(**other)
        return s._replace(octets=key.sign(signed_data(owner, rdtype, rdatas, s))).to_wire()

    @functools.lru_cache(maxsize=None)
    def rrset(self, owner, rdtype):
        """The records of an RRset of the zone with their signatures."""
        if rdtype == NSEC:
            rdatas = [self.chain[owner]]
        else:
            rdatas = self.data[owner][rdtype]
        out = [RR(owner, rdtype, TTL, r) for r in rdatas]
        if self.keys and (owner not in self.cuts or rdtype != NS):
            out += [RR(owner, RRSIG, TTL, self.sign(owner, rdtype, TTL, rdatas, k))
                    for k in self.signers(rdtype)]
        return out

    @functools.lru_cache(maxsize=None)
    def nsec3_rrset(self, digest):
        owner = dns.name.Name((hash_label(digest),) + self.name.labels)
        rdatas = [self.chain[digest]]
        return [RR(owner, NSEC3, TTL, rdatas[0])] + [
            RR(owner, RRSIG, TTL, self.sign(owner, NSEC3, TTL, rdatas, k))
            for k in self.signers(NSEC3)]

    def chain_rrset(self, key):
        return self.nsec3_rrset(key) if self.nsec3 else self.rrset(key, NSEC)

    def before(self, key):
        """The owner (or hash) in the chain that is the last before `key`."""
        lower = [k for k in self.order if k < key]
        return lower[-1] if lower else self.order[-1]

    # ---- proofs: lists of records, each RRset once ----

    def matching(self, name):
        """The NSEC or NSEC3 of a name; of an empty non-terminal, by NSEC, the one that covers it."""
        if self.nsec3:
            digest = self.hashed(name)
            return self.nsec3_rrset(digest) if digest in self.chain else None
        return self.rrset(name, NSEC) if name in self.chain else self.covering(name)

    def covering(self, name):
        return self.chain_rrset(self.before(self.hashed(name) if self.nsec3 else name))

    def encloser(self, name):
        """The closest name above that is in the chain of NSEC3, and the next closer name."""
        below = name
        for above in self.between(name):
            if above != name and self.hashed(above) in self.chain:
                return above, below
            below = above
        raise AssertionError('the apex is in the chain')

    def prove_no_data(self, name):
        if not self.keys:
            return []
        own = self.matching(name)
        if own is not None:
            return own
        above, closer = self.encloser(name)  # left out by opt-out
        return self.matching(above) + self.covering(closer)

    def prove_no_name(self, name):
        """That neither the name nor a wildcard for it is there."""
        if not self.keys:
            return []
        if not self.nsec3:
            above = next(n for n in self.between(name) if n in self.nodes)
            return self.covering(name) + self.covering(wildcard(above))
        above, closer = self.encloser(name)
        return self.matching(above) + self.covering(closer) + self.covering(wildcard(above))

    def prove_nothing_closer(self, name):
        """What a wildcard answer needs."""
        if not self.keys:
            return []
        return self.covering(self.encloser(name)[1] if self.nsec3 else name)

    def prove_wildcard_no_data(self, name, wild):
        if not self.keys:
            return []
        if not self.nsec3:
            return self.covering(name) + self.matching(wild)
        above, closer = self.encloser(name)
        own = self.matching(wild)
        return self.matching(above) + self.covering(closer) + (own or [])

    # ---- answers ----

    def negative(self, reply, proof, rcode=0):
        reply.rcode = rcode
        reply.authority = unique(self.rrset(self.name, SOA) + proof)
        return reply

    def reply(self, qname, qtype):
        """What this zone says, up to the first CNAME."""
        r = Reply(qname, qtype)
        if (above := self.dname_above(qname)) is not None:
            return self.redirected(r, above)
        if qname in self.data:
            return self.from_node(r, qname, qname)
        if qname in self.nodes:
            return self.negative(r, self.prove_no_data(qname))
        above = next(n for n in self.between(qname) if n in self.nodes)
        wild = wildcard(above)
        if wild in self.data:
            return self.from_node(r, qname, wild)
        if wild in self.nodes:
            return self.negative(r, self.prove_wildcard_no_data(qname, wild))
        return self.negative(r, self.prove_no_name(qname), NXDOMAIN)

    def dname_above(self, qname):
        for above in self.between(qname):
            if above != qname and DNAME in self.data.get(above, ()):
                return above
        return None

    def redirected(self, r, above):
        record = self.data[above][DNAME][0]
        target = dns.name.from_wire(record, 0)[0]
        r.answer = list(self.rrset(above, DNAME))
        try:
            new = r.qname.relativize(above).derelativize(target)
        except dns.name.NameTooLong:
            r.rcode = 6  # YXDOMAIN
            return r
        r.answer.append(RR(r.qname, CNAME, TTL, new.to_wire()))
        return r

    def from_node(self, r, qname, node):
        """An answer from the data of `node`, which is the name or the wildcard for it."""
        types = self.data[node]
        wild = node != qname
        if r.qtype == NSEC and self.keys and not self.nsec3 and not wild:
            found = [NSEC]
        elif r.qtype == ANY:
            found = sorted(types)
        elif r.qtype in types:
            found = [r.qtype]
        elif CNAME in types:
            found = [CNAME]
        elif wild:
            return self.negative(r, self.prove_wildcard_no_data(qname, node))
        else:
            return self.negative(r, self.prove_no_data(qname))
        for rdtype in found:
            r.answer += [rr._replace(name=qname) for rr in self.rrset(node, rdtype)]
        if wild:
            r.authority = unique(self.prove_nothing_closer(qname))
        return r

    def to_text(self):
        lines = [f'; zone {self.name} kind {self.kind} nsec3 {self.nsec3} {" ".join(self.notes)}']
        for key in self.keys:
            lines.append(f'; key tag {key.tag} algorithm {key.algorithm} flags {key.flags} signs '
                         + ','.join(sorted(key.roles)))
        for name in sorted(self.data):
            for rdtype in sorted(self.data[name]):
                lines += [RR(name, rdtype, TTL, r).to_text() for r in self.data[name][rdtype]]
        if self.keys and self.nsec3:
            lines += [f'; {hash_label(h).decode()} {self.hash_of[h]}' for h in self.order]
        return '\n'.join(lines)


def wildcard(name):
    return dns.name.Name((WILD,) + name.labels)


def unique(records):
    return list(dict.fromkeys(records))
