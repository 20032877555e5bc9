"""Trees of zones at random, and what a resolver that does not validate would say of them."""
import random

import dns.name

from .keys import Key
from .records import A, CNAME, DNAME, DS, NS, SOA, Reply, from_text
from .zone import Zone, wildcard

LABELS = [b'a', b'b', b'c', b'd', b'e', b'www', b'mail', b'ns', b'x1', b'_tcp', b'_sip', b'0',
          b'Upper', b'WWW', b'z', b'zz', b'-', b'a-b']
ODD_LABELS = [b'\0', b'\xff', b'a.b', b'a\0', b'x' * 40, b'**', b'\\', b'~', b' ']
ZONE_LABELS = [b'net', b'org', b'shop', b'bank', b'dept', b'eu', b'lab', b'Big', b'one', b'two']
HOST = dns.name.from_text('ns.elsewhere.')
MANY_HOPS = 8
# How a zone hangs in its parent: whether a chain of trust leads to it, and if not, why.
KINDS = {'secure': 60, 'several-ds': 10, 'unsigned': 16, 'island': 5, 'unknown-algorithm': 4,
         'unknown-digest': 3, 'unknown-ds-only': 2}


class Tree:
    """All zones of one seed. `now` is when it was signed; all else follows from the seed."""

    def __init__(self, seed, now):
        self.seed, self.now = seed, now
        self.rng = random.Random(f'tree {seed}')
        self.zones = {}
        self.number = seed * 1000
        root = self.make_zone(dns.name.root, None, 'secure')
        for _ in range(self.rng.randint(1, 2)):
            self.grow(root, self.rng.choice((1, 1, 2, 3)))
        for zone in list(self.zones.values()):
            self.fill(zone)
        for zone in self.zones.values():
            self.redirect(zone)
        for zone in self.zones.values():
            zone.close()
        self.hops = {}

    def pick(self, weights):
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def chance(self, share):
        return self.rng.random() < share

    def label(self):
        return self.rng.choice(ODD_LABELS if self.chance(0.06) else LABELS)

    # ---- zones and their keys ----

    def grow(self, parent, depth):
        """A zone below `parent`, and some below it."""
        labels = [self.rng.choice(ZONE_LABELS)]
        while self.chance(0.2):
            labels.append(self.rng.choice(LABELS))
        name = dns.name.Name(tuple(labels) + parent.name.labels)
        if any(name.is_subdomain(z.name) != parent.name.is_subdomain(z.name)
               or z.name.is_subdomain(name) for z in self.zones.values()):
            return
        zone = self.make_zone(name, parent, self.pick(KINDS))
        if depth > 1:
            for _ in range(self.rng.choice((1, 1, 2))):
                self.grow(zone, depth - 1)

    def make_zone(self, name, parent, kind):
        zone = self.zones[name] = Zone(name, parent, self.now)
        zone.kind = kind
        if kind != 'unsigned':
            self.make_keys(zone)
            self.choose_denial(zone)
        if parent is not None:
            parent.cuts[name] = zone
            self.delegate(parent, zone)
        soa = f'{HOST} hostmaster.elsewhere. 1 7200 3600 1209600 600'
        zone.add(name, SOA, from_text(SOA, soa))
        zone.add(name, NS, HOST.to_wire())
        return zone

    def choose_denial(self, zone):
        if self.chance(0.55):
            iterations = self.pick({0: 50, 1: 20, 10: 14, 50: 3, 51: 1, 150: 1, 151: 1})
            salt = self.rng.randbytes(self.rng.choice((0, 0, 1, 4, 8, 16)))
            zone.nsec3 = (iterations, salt, int(self.chance(0.4)))

    def algorithm(self):
        return self.pick({13: 40, 8: 20, 15: 15, 14: 7, 16: 3, 10: 3, 7: 1})

    def make_keys(self, zone):
        algorithms = [self.algorithm()]
        if zone.kind == 'unknown-algorithm':
            algorithms = [self.rng.choice((4, 17, 100, 200, 253))]
        elif self.chance(0.1):
            algorithms = list(dict.fromkeys(algorithms + [self.algorithm()]))
        for algorithm in algorithms:
            bits = self.rng.choice((1024, 2048, 2048))
            if self.chance(0.4):
                flags = 257 if self.chance(0.7) else 256
                zone.keys.append(self.key(algorithm, {'dnskey', 'data'}, flags, bits))
            else:
                zone.keys.append(self.key(algorithm, {'dnskey'}, 257, bits))
                roles = {'data', 'dnskey'} if self.chance(0.2) else {'data'}
                zone.keys.append(self.key(algorithm, roles, 256, 1024 if algorithm in (8, 10)
                                          else bits))
        zone.entry = [k for k in zone.keys if 'dnskey' in k.roles]
        self.make_more_keys(zone, algorithms[0])

    def make_more_keys(self, zone, algorithm):
        """Keys beside those that are needed, which must not matter."""
        if self.chance(0.12):
            zone.notes.append('standby')
            zone.keys.append(self.key(algorithm, set(), self.rng.choice((256, 257)), 2048))
        if self.chance(0.06):
            zone.notes.append('revoked')
            key = self.key(algorithm, {'dnskey'}, 257 | 128, 2048)
            if all(key.public != k.public for k in zone.keys):  # else that would be revoked, too
                zone.keys.append(key)
        if self.chance(0.04):
            zone.notes.append('no-zone-key')
            zone.keys.append(self.key(algorithm, set(), 0, 2048))
        if self.chance(0.05):
            zone.notes.append('second-signer')
            zone.keys.append(self.key(algorithm, {'data'}, 256, 2048))

    def key(self, algorithm, roles, flags, bits):
        self.number += 1
        return Key(algorithm, self.number, roles, flags, bits)

    def delegate(self, parent, zone):
        parent.add(zone.name, NS, HOST.to_wire())
        digests = {2: 85, 4: 13, 1: 2}
        if zone.kind in ('secure', 'unknown-algorithm'):
            entry = zone.entry if self.chance(0.3) else [zone.entry[0]]
            parent.add(zone.name, DS, *(k.ds(zone.name, self.pick(digests)) for k in entry))
        elif zone.kind == 'several-ds':
            good = zone.entry[0]
            other = [self.key(self.algorithm(), set(), 257, 2048).ds(zone.name, 2),
                     self.key(200, set(), 257, 2048).ds(zone.name, 2),
                     good.ds(zone.name, 1), good.ds(zone.name, 4), good.ds(zone.name, 100)]
            parent.add(zone.name, DS, good.ds(zone.name, 2),
                       *self.rng.sample(other, self.rng.randint(1, 3)))
        elif zone.kind == 'unknown-digest':
            parent.add(zone.name, DS, zone.entry[0].ds(zone.name, self.rng.choice((5, 100, 255))))
        elif zone.kind == 'unknown-ds-only':
            parent.add(zone.name, DS, self.key(200, set(), 257, 2048).ds(zone.name, 2))
        elif parent.nsec3 and parent.nsec3[2] and self.chance(0.7):
            parent.left_out.add(zone.name)

    # ---- what is in a zone ----

    def new_name(self, zone):
        """A name in the zone, at or above no cut."""
        while True:
            labels = [self.label()]
            while self.chance(0.35) and len(labels) < 4:
                labels.append(self.label())
            if self.chance(0.25) and (near := self.rng.choice(list(zone.data))) not in zone.cuts:
                base = near
            else:
                base = zone.name
            if len(base.labels) + len(labels) > 12:
                continue
            name = dns.name.Name(tuple(labels) + base.labels)
            if not any(name.is_subdomain(c) for c in zone.cuts):
                return name

    def fill(self, zone):
        for _ in range(self.rng.choice((1, 3, 6, 10))):
            name = self.new_name(zone)
            if self.chance(0.25) and name.labels[0] != b'*':
                name = wildcard(name.parent()) if self.chance(0.5) else wildcard(name)
            if CNAME in zone.data.get(name, ()):
                continue
            if self.chance(0.3) and name not in zone.data:
                zone.add(name, CNAME, b'')
                continue
            for _ in range(self.rng.choice((1, 1, 2, 3))):
                self.add_records(zone, name)
        for _ in range(self.rng.choice((0, 0, 1, 1, 2))):
            self.add_records(zone, zone.name)
        if self.chance(0.3):
            self.add_dname(zone)

    def add_dname(self, zone):
        name = self.new_name(zone)
        if not any(other.is_subdomain(name) for other in zone.data):
            zone.add(name, DNAME, b'')
            if self.chance(0.3):
                self.add_records(zone, name)

    def add_records(self, zone, name):
        rdtype, text = self.rng.choice(RECORDS)
        number, within = self.rng.randrange(1, 250), str(zone.name).lstrip('.')
        count = self.rng.choice((1, 1, 2, 4))
        zone.add(name, rdtype, *(from_text(rdtype, text.format(n=number + i, zone=within))
                                 for i in range(count)))

    def redirect(self, zone):
        """Give CNAME and DNAME their targets, now that there is something to point to; and take
        out what a DNAME hides."""
        for name in list(zone.data):
            if any(DNAME in zone.data.get(up, ()) for up in zone.between(name) if up != name):
                del zone.data[name]
                continue
            for rdtype in (CNAME, DNAME):
                if rdtype in zone.data[name]:
                    zone.data[name][rdtype] = [self.some_name().to_wire()]

    def some_name(self):
        """A name that is likely to be there, anywhere in the tree."""
        zone = self.rng.choice(list(self.zones.values()))
        name = self.rng.choice(list(zone.data))
        if name.labels[0] == b'*':
            name = dns.name.Name((self.label(),) + name.labels[1:])
        if self.chance(0.15) and len(name.labels) < 10:
            name = dns.name.Name((self.label(),) + name.labels)
        return name

    # ---- answers ----

    def zone_of(self, name, rdtype):
        """The zone whose server is asked: for DS at a cut the one above."""
        if rdtype == DS and name != dns.name.root:
            name = name.parent()
        while name not in self.zones:
            name = name.parent()
        return self.zones[name]

    def hop(self, name, rdtype):
        """What the zone's own server says."""
        known = self.hops.get((name, rdtype))
        if known is None:
            known = self.hops[name, rdtype] = self.zone_of(name, rdtype).reply(name, rdtype)
        return known

    def anchors(self):
        return [self.zones[dns.name.root].entry[0].ds_text(dns.name.root)]


class Resolver:
    """The whole answer to a question; `changed` has hops that are told otherwise."""

    def __init__(self, tree, changed=None):
        self.tree, self.changed = tree, changed or {}

    def hop(self, name, rdtype):
        return self.changed.get((name, rdtype)) or self.tree.hop(name, rdtype)

    def hops(self, name, rdtype):
        """The hops that an answer is put together from; None for a loop."""
        out = [self.hop(name, rdtype)]
        while (target := out[-1].target()) is not None:
            if len(out) >= MANY_HOPS or any(h.qname == target for h in out):
                return None
            out.append(self.hop(target, rdtype))
        return out

    def answer(self, name, rdtype):
        hops = self.hops(name, rdtype)
        whole = Reply(name, rdtype)
        if hops is None:
            whole.rcode = 2
            return whole
        whole.rcode = hops[-1].rcode
        if any(h.rcode == 6 for h in hops):
            whole.rcode = 6
        for h in hops:
            whole.answer += [r for r in h.answer if r not in whole.answer or h is hops[0]]
            whole.authority += [r for r in h.authority
                                if r not in whole.authority or h is hops[0]]
        return whole


RECORDS = [
    (A, '192.0.2.{n}'),
    (A, '192.0.2.{n}'),
    (28, '2001:db8::{n}'),
    (16, '"text {n}"'),
    (15, '{n} MX{n}.{zone}'),
    (33, '0 {n} 53 Srv.{zone}'),
    (35, '{n} 20 "s" "SIP+D2T" "" _sip.{zone}'),
    (17, 'Hostmaster.{zone} text.{zone}'),
    (18, '{n} AfsDb.{zone}'),
    (36, '{n} KX.{zone}'),
    (12, 'PTR{n}.Example.'),
    (257, '0 issue "ca{n}.example"'),
    (52, '3 1 1 {n:064x}'),
    (44, '4 2 {n:064x}'),
    (65, '{n} . alpn=h2'),
    (13, '"cpu{n}" "OS"'),
    (65280, '\\# 4 0a00{n:04x}'),
]
