"""Questions of every kind to a tree, at random."""
import dns.name
import dns.rdatatype

from .records import ANY, CNAME, DNAME, DNSKEY, DS, NS, NSEC, NSEC3PARAM, SOA

TYPES = [1, 28, 16, 15, 33, 257, 65, 65280, 99, CNAME, NS, SOA, DS, DNSKEY, NSEC, NSEC3PARAM, DNAME]


class Asker:
    """Draws (kind, name, type) from a tree with a random source of its own."""

    KINDS = {'there': 28, 'no-data': 14, 'no-name': 16, 'below': 8, 'wildcard': 10,
             'empty-non-terminal': 7, 'ds-at-cut': 8, 'ds-elsewhere': 3, 'dnskey': 3,
             'key-of-no-zone': 2, 'apex': 5, 'nsec': 3, 'any': 2, 'dname': 4}

    def __init__(self, tree, rng):
        self.tree, self.rng = tree, rng

    def ask(self):
        while True:
            kind = self.rng.choices(list(self.KINDS), list(self.KINDS.values()))[0]
            zone = self.rng.choice(list(self.tree.zones.values()))
            question = getattr(self, kind.replace('-', '_'))(zone)
            if question is not None and question[1] == NSEC and question[0] not in zone.data:
                question = None  # what a wildcard says of NSEC is not defined (RFC 4592 4.5)
            if question is not None:
                return kind, self.letters(question[0]), question[1]

    def letters(self, name):
        """Now and then in other letters than the zone has it."""
        if self.rng.random() > 0.15:
            return name
        return dns.name.Name(tuple(bytes(self.rng.choice((c, c ^ 32)) if chr(c).isalpha() and c < 128
                                         else c for c in label) for label in name.labels))

    def own_name(self, zone):
        return self.rng.choice([n for n in zone.data if n not in zone.cuts])

    def child(self, name):
        if len(name.labels) > 14:
            return None
        return dns.name.Name((self.tree_label(),) + name.labels)

    def tree_label(self):
        return self.rng.choice([b'a', b'c', b'm', b'zzz', b'_x', b'0', b'nope', b'*', b'\0', b'~'])

    def there(self, zone):
        name = self.own_name(zone)
        return name, self.rng.choice(list(zone.data[name]))

    def no_data(self, zone):
        name = self.own_name(zone)
        absent = [t for t in TYPES if t not in zone.data[name] and t != DS]
        return name, self.rng.choice(absent)

    def no_name(self, zone):
        near = self.own_name(zone)
        name = self.child(near.parent() if near != zone.name else near)
        return name and (name, self.rng.choice(TYPES))

    def below(self, zone):
        name = self.own_name(zone)
        for _ in range(self.rng.choice((1, 1, 2, 4))):
            name = self.child(name)
            if name is None:
                return None
        return name, self.rng.choice(TYPES)

    def wildcard(self, zone):
        wild = [n for n in zone.data if n.labels and n.labels[0] == b'*']
        if not wild:
            return None
        name = self.rng.choice(wild)
        below = name.parent()
        for _ in range(self.rng.choice((1, 1, 2))):
            below = self.child(below)
            if below is None:
                return None
        types = list(zone.data[name]) if self.rng.random() < 0.7 else TYPES
        return below, self.rng.choice(types)

    def empty_non_terminal(self, zone):
        names = sorted(zone.nodes - set(zone.data))
        return (self.rng.choice(names), self.rng.choice(TYPES)) if names else None

    def ds_at_cut(self, zone):
        return (self.rng.choice(list(zone.cuts)), DS) if zone.cuts else None

    def ds_elsewhere(self, zone):
        name = self.own_name(zone)
        return (name, DS) if name not in self.tree.zones else None

    def dnskey(self, zone):
        return zone.name, DNSKEY

    def key_of_no_zone(self, zone):
        name = self.own_name(zone)
        return (name, DNSKEY) if name not in self.tree.zones else None

    def apex(self, zone):
        return zone.name, self.rng.choice((SOA, NS, NSEC3PARAM, 1, 16))

    def nsec(self, zone):
        return self.own_name(zone), NSEC

    def any(self, zone):
        return self.own_name(zone), ANY

    def dname(self, zone):
        owners = [n for n in zone.data if DNAME in zone.data[n]]
        name = self.child(self.rng.choice(owners)) if owners else None
        return name and (name, self.rng.choice(TYPES[:6]))


def text(name, rdtype):
    return f'{name} {dns.rdatatype.to_text(rdtype)}'
