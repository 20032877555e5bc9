"""The demo: a capture of the lab split by direction, tampered answers added, each row asked about.

Nothing is written that Unbound and delv were not seen to say; where the two disagree with each
other or with what the tree was built to be, the demo is not made.
"""
import os
import random
import struct
import time

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

import replayer
from capture import Datagram, read_pcap, write_pcap
from lab_net import MACS
from lab_tree import DAY
from replayer import Row

VLAN = bytes.fromhex('81000071')  # tag 113
TAGGED = (bytes([203, 0, 113, 20]), bytes.fromhex('20010db8011300000000000000000020'))

HEADER = '''\
# What wirevet is to say of config/demo/outside.pcap, and what Unbound {unbound} and delv {delv}
# said of it on {day}, the day it was made by "scripts/lab demo" (capture time {when}).
#
# kind     question: what a client asked, and all frames that answered it
#          answer, dnskey, ds, no-ds, referral: one response, and what its kind is
#          denial: one response that owes a proof other than that of the absence of a DS;
#          listed apart by this kind, its verdict is what such a proof gives
#          tampered: one response that was changed on the way; the note says how
#          unjudged: one response that carries no proof by its nature
# frame    in outside.pcap, counted from 1; several for a question
# qname    of the response, lower case; a client's question for kind question
# asked    the question put to Unbound and delv while a replayer served them this very response:
#          for a referral, the DS of the child; for a CNAME that leaves its zone, the CNAME
# unbound  secure (AD), insecure, bogus (SERVFAIL, but an answer with CD); ede: its EDE code
# delv     secure (fully validated), insecure (unsigned answer), bogus (resolution failed)
# verdict  and reason: what wirevet says of the frame, the whole capture being known; - for a
#          question, whose frames have rows of their own
#
# Frames to and from the name server of bank.test. and others (203.0.113.20, 2001:db8:113::20)
# were given VLAN tag 113 after capture; each tampered response was given a copy of a genuine
# query of its own, later in time than all genuine traffic.
'''


class Exchange:
    """A query, its response, and where they lie in the two captures."""

    def __init__(self, query, response, frame):
        self.query, self.response, self.frame = query, response, frame
        self.asks = dns.message.from_wire(query.payload)
        self.says = dns.message.from_wire(response.payload)
        question = self.says.question[0]
        self.qname = question.name.to_text().lower()
        self.qtype = dns.rdatatype.to_text(question.rdtype)
        self.kind = self.find_kind()

    def cname_targets(self):
        """Where the CNAMEs of the answer lead, in their order, unless they were asked for."""
        return [rrset[0].target.to_text().lower() for rrset in self.says.answer
                if rrset.rdtype == dns.rdatatype.CNAME and self.qtype != 'CNAME']

    def unjudged(self):
        """Why the response carries no proof by its nature, or None."""
        if self.says.question[0].rdclass != dns.rdataclass.IN or self.qtype == 'RRSIG':
            return 'not-judged'
        if self.says.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return 'rcode'
        if self.says.flags & dns.flags.TC:
            return 'truncated'
        if not self.asks.ednsflags & dns.flags.DO:
            return 'do-not-set'
        return None

    def find_kind(self):
        if self.unjudged():
            return 'unjudged'
        if not self.says.answer:
            if not self.says.flags & dns.flags.AA and replayer.child_of(self.says):
                return 'referral'
            return 'no-ds' if self.qtype == 'DS' else 'denial'
        return {'DNSKEY': 'dnskey', 'DS': 'ds'}.get(self.qtype, 'answer')


def split(frames):
    """(outside, inside): what the servers and what the resolver sent, VLAN tags put on."""
    servers = bytes.fromhex(MACS['servers'].replace(':', ''))
    outside, inside = [], []
    for when, octets in frames:
        datagram = Datagram.parse(octets)
        if datagram and (datagram.src in TAGGED or datagram.dst in TAGGED):
            octets = octets[:12] + VLAN + octets[12:]
        (outside if octets[6:12] == servers else inside).append((when, octets))
    return outside, inside


def exchanges(outside, inside):
    """All DNS exchanges in order of their responses; each response has its query before it."""
    queries = [(when, datagram) for when, octets in inside
               if (datagram := Datagram.parse(octets)) and datagram.is_query()]
    found = []
    for frame, (when, octets) in enumerate(outside, 1):
        datagram = Datagram.parse(octets)
        if not datagram or not datagram.is_response():
            continue
        own = [query for sent, query in queries if sent < when and datagram.answers(query)]
        if len(own) != 1:
            raise RuntimeError(f'frame {frame}: want one query before it, found {len(own)}')
        found.append(Exchange(own[0], datagram, frame))
    if len(found) != len(queries):
        raise RuntimeError(f'{len(queries)} queries, but {len(found)} responses')
    return found


class Tamper:
    """Changes to a response. Each takes the message and a helper and changes it in place."""

    def __init__(self, tree):
        self.tree = tree
        self.made = {}

    def signed(self, zone_name, how):
        """The zone signed anew by the same tool: with past or coming validity, or a foreign key."""
        if (zone_name, how) not in self.made:
            zone, now = self.tree.zones[zone_name], self.tree.now
            start, end, keys = now - DAY, now + 30 * DAY, zone.keys
            if how == 'past':
                start, end = now - 60 * DAY, now - 30 * DAY
            elif how == 'coming':
                start, end = now + 30 * DAY, now + 60 * DAY
            else:
                keys = [zone.keys[0], self.tree.make_key(zone, zone.algorithms[0], False)]
            path = self.tree.sign(zone, keys=keys, start=start, end=end, suffix=how)
            self.made[zone_name, how] = self.tree.load(path, zone)
        return self.made[zone_name, how]

    def resign(self, zone_name, how):
        def change(message):
            rrset = message.answer[0]
            zone = self.signed(zone_name, how)
            fresh = zone.find_rdataset(rrset.name, dns.rdatatype.RRSIG, covers=rrset.rdtype)
            for i, old in enumerate(message.answer):
                if old.rdtype == dns.rdatatype.RRSIG and old.covers == rrset.rdtype:
                    message.answer[i] = dns.rrset.from_rdata_list(old.name, old.ttl, list(fresh))
        return change


def in_section(name, change):
    """Change each RRset of a section; None takes it away."""
    def apply(message):
        changed = [change(rrset) for rrset in getattr(message, name)]
        setattr(message, name, [rrset for rrset in changed if rrset is not None])
    return apply


def forge(rdtype, *texts):
    """Other rdata in place of the records of a type in the answer."""
    def change(rrset):
        if rrset.rdtype != dns.rdatatype.from_text(rdtype):
            return rrset
        return dns.rrset.from_text(rrset.name, rrset.ttl, 'IN', rdtype, *texts)
    return in_section('answer', change)


def records(function):
    """The first RRset of the answer, made by a function from the texts of its records."""
    def change(message):
        rrset = message.answer[0]
        texts = function([rdata.to_text() for rdata in rrset])
        message.answer[0] = dns.rrset.from_text(rrset.name, rrset.ttl, 'IN',
                                                dns.rdatatype.to_text(rrset.rdtype), *texts)
    return change


def strip_signatures(message):
    message.answer = [rrset for rrset in message.answer if rrset.rdtype != dns.rdatatype.RRSIG]


def strip_ds(message):
    message.authority = [rrset for rrset in message.authority if rrset.rdtype == dns.rdatatype.NS]


def forge_ds(message):
    def change(rrset):
        if rrset.rdtype != dns.rdatatype.DS:
            return rrset
        return dns.rrset.from_rdata_list(rrset.name, rrset.ttl, [
            rdata.replace(digest=bytes(reversed(rdata.digest))) for rdata in rrset])
    in_section('authority', change)(message)


def foreign_signer(name):
    def change(rrset):
        if rrset.rdtype != dns.rdatatype.RRSIG:
            return rrset
        return dns.rrset.from_rdata_list(rrset.name, rrset.ttl, [
            rdata.replace(signer=dns.name.from_text(name)) for rdata in rrset])
    return in_section('answer', change)


def longer_life(message):
    for rrset in message.answer:
        rrset.ttl = 86400


def tampered_list(tamper):
    """(name, type, kind of the genuine response, change, verdict, reason, note)."""
    evil, evil6 = forge('A', '198.51.100.66'), forge('AAAA', '2001:db8:66::66')
    resign = tamper.resign
    return [
        ('www.shop.test.', 'A', 'answer', evil,
         'bogus', 'bad-signature', 'forged address, P-256'),
        ('www.bank.test.', 'A', 'answer', evil,
         'bogus', 'bad-signature', 'forged address, RSA'),
        ('smtp.mail.test.', 'AAAA', 'answer', evil6,
         'bogus', 'bad-signature', 'forged address, Ed25519'),
        ('shop.test.', 'TXT', 'answer', records(lambda texts: texts[1:]),
         'bogus', 'bad-signature', 'one record of three taken away'),
        ('pool.shop.test.', 'A', 'answer', records(lambda texts: texts + ['198.51.100.66']),
         'bogus', 'bad-signature', 'one record added to four'),
        ('pay.shop.test.', 'A', 'answer', forge('CNAME', 'www.plain.test.'),
         'bogus', 'bad-signature', 'CNAME turned to another name'),
        ('a.b.c.shop.test.', 'A', 'answer', resign('shop.test.', 'past'),
         'bogus', 'signature-expired', 'expired signature by the key in force, P-256'),
        ('x.y.z.deep.bank.test.', 'A', 'answer', resign('bank.test.', 'past'),
         'bogus', 'signature-expired', 'expired signature by the key in force, RSA'),
        ('upper.shop.test.', 'A', 'answer', resign('shop.test.', 'coming'),
         'bogus', 'signature-not-yet-valid', 'signature by the key in force, not valid yet'),
        ('bank.test.', 'MX', 'answer', strip_signatures,
         'bogus', 'rrsig-missing', 'stripped signature, RSA'),
        ('www.secure.example.', 'A', 'answer', strip_signatures,
         'bogus', 'rrsig-missing', 'stripped signature, P-256'),
        ('a.b.c.secure.example.', 'AAAA', 'answer', resign('secure.example.', 'foreign'),
         'bogus', 'unknown-key-tag', 'wrong key: signed by one that is not in the zone, P-256'),
        ('www.rsa.example.', 'A', 'answer', resign('rsa.example.', 'foreign'),
         'bogus', 'unknown-key-tag', 'wrong key: signed by one that is not in the zone, RSA'),
        ('www.p384.test.', 'A', 'answer', foreign_signer('dual.test.'),
         'bogus', 'signer-invalid', 'signature said to be another zone\'s'),
        ('www.eu.corp.internal.', 'A', 'referral', forge_ds,
         'bogus', 'bad-signature', 'DS in a referral forged'),
        ('mail.test.', 'MX', 'referral', strip_ds,
         'bogus', 'ds-unproven', 'DS in a referral stripped, nothing proves it absent'),
        ('www.plain.test.', 'A', 'answer', evil,
         'insecure', 'unsigned', 'forged address in an unsigned zone, which nobody can see'),
        ('www.ed448.test.', 'A', 'answer', longer_life,
         'secure', 'secure', 'TTL above the original, which is capped'),
    ]


def add_tampered(tree, outside, inside, found):
    """Append a query and a changed response for each; returns [(exchange, expected row)]."""
    rng = random.Random(tree.now)
    when = max(outside[-1][0], inside[-1][0]) + 100_000
    added = []
    for name, rdtype, kind, change, verdict, reason, note in tampered_list(Tamper(tree)):
        genuine = [e for e in found if (e.qname, e.qtype, e.kind) == (name, rdtype, kind)]
        if not genuine:
            raise RuntimeError(f'{name} {rdtype}: no genuine {kind} to tamper with')
        query = Datagram.parse(genuine[0].query.octets())
        response = Datagram.parse(genuine[0].response.octets())
        number = struct.pack('!H', rng.randrange(1 << 16))
        query.sport = response.dport = rng.randrange(20000, 60000)
        query.payload = number + query.payload[2:]
        message = dns.message.from_wire(response.payload)
        change(message)
        wire = message.to_wire(max_size=65535)
        if wire == response.payload:
            raise RuntimeError(f'{name} {rdtype}: {note}: nothing was changed')
        response.payload = number + wire[2:]
        inside.append((when, query.octets()))
        outside.append((when + 3_000, response.octets()))
        when += 10_000
        added.append((Exchange(query, response, len(outside)), verdict, reason, note))
    return added


class Judge:
    """What the tree was built to give, to hold the validators' words against."""

    def __init__(self, tree):
        self.tree = tree

    def zone(self, name):
        """The zone that holds a name."""
        name = dns.name.from_text(name)
        while name.to_text() not in self.tree.zones:
            name = name.parent()
        return self.tree.zones[name.to_text()]

    def status(self, zone):
        """(verdict, reason) of what a zone says."""
        line = [zone]
        while line[0].name != '.':
            line.insert(0, self.tree.zones[self.tree.parents[line[0].name]])
        for parent, child in zip(line, line[1:]):
            what = self.cut(parent, child)
            if what[0] != 'secure':
                return what
        return 'secure', 'secure'

    def cut(self, parent, child):
        if child.ds == 'given up':
            return 'bogus', 'stale-ds'
        if child.ds in ('algorithm', 'digest'):
            return 'insecure', f'unsupported-{child.ds}'
        if child.ds is None:
            return 'insecure', 'opt-out' if parent.opt_out else 'unsigned'
        return 'secure', 'secure'

    def delegation(self, name):
        """(verdict, reason) of the DS of a child, or of the proof that there is none."""
        parent = self.tree.zones[self.tree.parents[name]]
        above = self.status(parent)
        if above[0] != 'secure':
            return above
        cut = self.cut(parent, self.tree.zones[name])
        return cut if cut[1] == 'opt-out' else ('secure', 'secure')

    def expected(self, exchange):
        if exchange.kind == 'unjudged':
            return 'indeterminate', exchange.unjudged()
        if exchange.kind in ('ds', 'no-ds'):
            return self.delegation(exchange.qname)
        if exchange.kind == 'referral':
            return self.delegation(replayer.child_of(exchange.says).lower())
        return self.status(self.zone(exchange.qname))

    def asked(self, exchange):
        """What to ask a validator, for the verdict of this one response."""
        if exchange.kind == 'referral':
            return f'{replayer.child_of(exchange.says).lower()} DS'
        targets = exchange.cname_targets()
        if targets and self.zone(targets[-1]) is not self.zone(exchange.qname):
            return f'{exchange.qname} CNAME'
        return f'{exchange.qname} {exchange.qtype}'


def question_frames(said, found):
    """The frames that answered a client's question: its own, and those of the names it leads to."""
    names, frames = [said['name']], []
    for name in names:
        for exchange in found:
            if exchange.qname != name or exchange.qtype != said['type'] \
                    or exchange.kind in ('referral', 'unjudged'):
                continue
            frames.append(exchange.frame)
            names += [target for target in exchange.cname_targets() if target not in names]
    return ','.join(map(str, sorted(frames)))


def plan(judge, said, found, tampered):
    """The rows, all but what the validators say."""
    rows = [Row('question', question_frames(one, found), one['name'], one['type'],
                f'{one["name"]} {one["type"]}', one['unbound'], '-', '-', '-', '-', '-')
            for one in said]
    for exchange in found:
        verdict, reason = judge.expected(exchange)
        asked = '-' if exchange.kind == 'unjudged' else judge.asked(exchange)
        rows.append(Row(exchange.kind, str(exchange.frame), exchange.qname, exchange.qtype, asked,
                        '-', '-', '-', verdict, reason, '-'))
    for exchange, verdict, reason, note in tampered:
        kind = 'referral' if not exchange.says.answer else 'answer'
        exchange.kind = kind
        rows.append(Row('tampered', str(exchange.frame), exchange.qname, exchange.qtype,
                        judge.asked(exchange), '-', '-', '-', verdict, reason, note))
    return rows


def consult(rows, folder, anchors, outside, when):
    """Ask Unbound and delv about every row but the unjudged; returns the rows with their words."""
    said, trouble = {}, []

    def ask(row, resolver, port):
        name, rdtype = row.asked.split(' ')
        unbound, ede = resolver.ask(name, rdtype)
        delv, words = replayer.ask_delv(folder, anchors, port, name, rdtype)
        want = row.verdict if row.verdict != '-' else row.unbound
        # RFC 5155, 9.2: a resolver does not call authentic what rests on opt-out. delv is none.
        opt_out = rdtype == 'DS' and (want, delv) == ('insecure', 'secure')
        if unbound != want or delv != want and not opt_out:
            trouble.append(f'{row.kind} {row.frame}, asked {row.asked}: want {want}, '
                           f'unbound {unbound} {ede}, delv {delv} {words}')
        return {'unbound': unbound, 'ede': ede, 'delv': delv} | (
            {'note': 'delv calls the opt-out proof itself validated'} if opt_out else {})

    def service(tampered=None):
        server = replayer.Replayer(replayer.replies(rows, outside, tampered))
        return server, replayer.Unbound(folder, anchors, server.port, when)

    server, resolver = service()
    with server, resolver:
        for row in rows:
            if row.kind not in ('tampered', 'unjudged') and row.asked not in said:
                said[row.asked] = ask(row, resolver, server.port)
            if not row.frame:
                trouble.append(f'{row.asked}: no frame answers it')
    if server.unknown:
        trouble.append(f'asked for, but not in the capture: {sorted(set(server.unknown))}')
    done = []
    for row in rows:
        if row.kind == 'tampered':
            server, resolver = service(row)
            with server, resolver:
                done.append(row._replace(**ask(row, resolver, server.port)))
        else:
            done.append(row._replace(**said.get(row.asked, {})))
    if trouble:
        raise RuntimeError('what was observed is not what was built:\n' + '\n'.join(trouble))
    return done


def make(tree, said, target, version):
    """Write the demo's four files.

    @param said     what the lab's resolver said to each client question
    @param version  {'unbound': …, 'delv': …}
    """
    os.makedirs(target, exist_ok=True)
    os.makedirs(tree.path('oracle'), exist_ok=True)
    frames = read_pcap(tree.path('wire.pcap'))
    outside, inside = split(frames)
    found = exchanges(outside, inside)
    tampered = add_tampered(tree, outside, inside, found)
    exchanges(outside, inside)
    capture, anchors = os.path.join(target, 'outside.pcap'), os.path.join(target, 'anchors')
    write_pcap(capture, outside)
    write_pcap(os.path.join(target, 'inside.pcap'), inside)
    with open(anchors, 'w', encoding='ascii') as file:
        file.write('; the root of the lab that the captures beside this come from (scripts/lab)\n')
        file.write(''.join(f'{line}\n' for line in tree.anchors()))
    when = outside[-1][0] // 1_000_000
    rows = consult(plan(Judge(tree), said, found, tampered), tree.path('oracle'), anchors,
                   capture, when)
    with open(os.path.join(target, 'expected.tsv'), 'w', encoding='ascii') as file:
        day = time.strftime('%Y-%m-%d', time.gmtime(when))
        file.write(HEADER.format(day=day, when=when, **version))
        for row in (Row(*Row._fields), *rows):
            file.write('\t'.join(row) + '\n')
