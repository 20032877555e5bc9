"""The tree of the lab: which zones there are, what is in them, who signs and who serves them.

root -> test. (NSEC), example. (NSEC3 with opt-out), internal. (NSEC3) -> zones. Keys are made
anew each time. Zones are signed from the leaves up, since a parent holds the DS of its children.
"""
import os
import re
import subprocess
import time

import dns.name
import dns.rdatatype
import dns.zone

DAY = 86400

# Where each server listens. The hosters' zones lie behind a VLAN (b) and in the plain (a).
SERVERS = {
    'root': {'program': 'nsd', 'addresses': ['198.51.100.1', '2001:db8:100::1']},
    'tld-a': {'program': 'nsd', 'addresses': ['198.51.100.2', '2001:db8:100::2']},
    'tld-b': {'program': 'knot', 'addresses': ['198.51.100.3', '2001:db8:100::3']},
    'hoster-a': {'program': 'nsd', 'addresses': ['198.51.100.10', '2001:db8:100::10']},
    'hoster-b': {'program': 'knot', 'addresses': ['203.0.113.20', '2001:db8:113::20']},
}

# DNSSEC algorithm numbers, as ldns-keygen and dnssec-keygen call them, with the bits of RSA.
ALGORITHMS = {
    8: ('RSASHA256', 2048),
    10: ('RSASHA512', 2048),
    13: ('ECDSAP256SHA256', 256),
    14: ('ECDSAP384SHA384', 384),
    15: ('ED25519', 256),
    16: ('ED448', 456),
}


def address_records(name, server):
    """The A and AAAA records of a server under some name."""
    return ''.join(f'{name} {"AAAA" if ":" in address else "A"} {address}\n'
                   for address in SERVERS[server]['addresses'])


class Zone:
    """One zone. `signer` is ldns, bind, knot (which signs as it serves) or None.

    `text` is records; each of the `hosts` gets an A and an AAAA besides, counted up from `first`.
    `ds` says what the parent holds: 'right', or None, 'stale' (of keys the zone gave up),
    'algorithm' and 'digest' (right but for a number that nobody knows). `nsec3` is the options
    of the signer for it. `hosted` puts the name server's name outside of the zone.
    """

    def __init__(self, name, server, text='', *, hosts='', first=0, signer=None,
                 algorithms=(13,), single=False, ds='right', digest=2, nsec3=None,
                 opt_out=False, hosted=None):
        self.name, self.server, self.text = name, server, f'{text.strip()}\n'
        for number, host in enumerate(hosts.split(), first):
            self.text += f'{host} A 192.0.2.{number}\n{host} AAAA 2001:db8:{number:x}::1\n'
        self.signer, self.algorithms, self.single = signer, algorithms, single
        self.ds = ds if signer or ds != 'right' else None
        self.digest, self.nsec3, self.opt_out, self.hosted = digest, nsec3, opt_out, hosted
        self.keys = []      # base names of the key files in force, ksk first
        self.signed = None  # the file that is served

    @property
    def base(self):
        return 'root' if self.name == '.' else self.name.rstrip('.')

    def ns_names(self):
        if self.hosted:
            return [self.hosted]
        return ['a.root.' if self.name == '.' else f'ns.{self.name}']


def tree():
    return [
        Zone('.', 'root', signer='bind', algorithms=(8,)),
        Zone('test.', 'tld-a', '@ TXT "a top-level zone with NSEC"', signer='ldns'),
        Zone('example.', 'tld-a', '@ TXT "a top-level zone with NSEC3 and opt-out"',
             signer='bind', algorithms=(8,), nsec3=['-3', '-', '-H', '0'], opt_out=True),
        Zone('internal.', 'tld-b', '@ TXT "a top-level zone with NSEC3, one key for all"',
             signer='knot', algorithms=(15,), single=True, nsec3=5),

        Zone('shop.test.', 'hoster-a', SHOP, hosts='www a.b.c cdn mx1 mx2 UPPER', first=10,
             signer='ldns'),
        Zone('bank.test.', 'hoster-b', BANK, hosts='www x.y.z.deep mx', first=40,
             signer='bind', algorithms=(8,)),
        Zone('mail.test.', 'hoster-a', MAIL, hosts='smtp imap', first=50,
             signer='ldns', algorithms=(15,)),
        Zone('p384.test.', 'hoster-b', hosts='www', first=60,
             signer='bind', algorithms=(14,), digest=4),
        Zone('rsa512.test.', 'hoster-a', hosts='www', first=62, signer='ldns', algorithms=(10,)),
        Zone('ed448.test.', 'hoster-b', hosts='www', first=64,
             signer='bind', algorithms=(16,), single=True),
        Zone('dual.test.', 'hoster-a', hosts='www', first=66, signer='bind', algorithms=(8, 13)),
        Zone('island.test.', 'hoster-b', '@ TXT "signed, and nobody above says so"',
             hosts='www', first=70, signer='ldns', ds=None),
        Zone('plain.test.', 'hoster-a', '@ MX 10 www', hosts='www img a.b.c.d', first=72),
        Zone('dept.plain.test.', 'hoster-b', hosts='www', first=76),
        Zone('stale.test.', 'hoster-b', hosts='www', first=78, signer='ldns', ds='stale'),
        Zone('newalg.test.', 'hoster-a', hosts='www', first=80, ds='algorithm'),
        Zone('newdigest.test.', 'hoster-b', hosts='www', first=82, signer='ldns', ds='digest'),

        Zone('hoster.example.', 'hoster-a',
             address_records('ns1', 'hoster-a') + address_records('ns2', 'hoster-b'),
             signer='bind'),
        Zone('secure.example.', 'hoster-a', '@ TXT "secure below opt-out"',
             hosts='www a.b.c', first=90, signer='ldns', hosted='ns1.hoster.example.'),
        Zone('rsa.example.', 'hoster-b', '@ MX 10 www', hosts='www', first=94,
             signer='bind', algorithms=(8,), nsec3=['-3', 'ab12', '-H', '10'],
             hosted='ns2.hoster.example.'),
        Zone('open.example.', 'hoster-b', '@ MX 10 www\n@ TXT "open"',
             hosts='www a.b.c', first=96, hosted='ns2.hoster.example.'),

        Zone('corp.internal.', 'hoster-b', '@ TXT "corp"', hosts='www wiki', first=100,
             signer='knot', algorithms=(8,)),
        Zone('eu.corp.internal.', 'hoster-a', hosts='www host.rack.room', first=104,
             signer='ldns'),
        Zone('old.corp.internal.', 'hoster-a', hosts='www', first=108),
        Zone('guest.internal.', 'hoster-a', hosts='www', first=110),
    ]


SHOP = '''
@ A 192.0.2.10
@ MX 10 mx1
@ MX 20 mx2
@ MX 30 smtp.mail.test.
@ TXT "v=spf1 mx -all"
@ TXT "one" "two strings"
@ TXT "three"
@ CAA 0 issue "ca.example"
@ CAA 0 iodef "mailto:security@shop.test"
@ HTTPS 1 . alpn="h2,h3" ipv4hint=192.0.2.10
alias CNAME www
chain CNAME alias
pay CNAME www.bank.test.
img CNAME img.plain.test.
dir DNAME c
_sip._tcp SRV 0 5 5060 www
_sip._tcp SRV 1 5 5060 cdn
pool A 192.0.2.33
pool A 192.0.2.31
pool A 192.0.2.32
pool A 192.0.2.4
'''

BANK = '''
@ MX 10 mx
@ TXT "bank"
@ TXT "v=spf1 -all"
@ NAPTR 10 20 "s" "SIP+D2T" "" _sip._tcp.shop.test.
login CNAME www.secure.example.
ssh SSHFP 4 2 4c7d9a2b0f6f1d6f6b6e0b8a1e2d3c4b5a69788796a5b4c3d2e1f00112233445
'''

MAIL = '''
@ MX 5 smtp
@ MX 10 mx.bank.test.
@ TXT "v=spf1 ip4:192.0.2.50 -all"
_25._tcp.smtp TLSA 3 1 1 8cb0fc6c527506a053f4f14c8464bebbd6dede2738d11468dd953d7d6a3021f1
webmail CNAME www.eu.corp.internal.
'''

# What a client asks, in this order. Every question has a positive answer, or none that can be
# believed; but for some DS, whose absence is what an insecure delegation rests on.
QUESTIONS = '''
. NS SOA DNSKEY
test. TXT SOA DNSKEY
example. TXT SOA
internal. TXT SOA
bank.test. DS
p384.test. DS
plain.test. DS
guest.internal. DS
open.example. DS

www.shop.test. A AAAA
shop.test. A MX TXT NS SOA CAA HTTPS
_sip._tcp.shop.test. SRV
a.b.c.shop.test. A
upper.shop.test. A
pool.shop.test. A
alias.shop.test. AAAA
chain.shop.test. AAAA
pay.shop.test. A
img.shop.test. A
a.b.dir.shop.test. A

www.bank.test. A AAAA
bank.test. MX TXT NAPTR SOA
x.y.z.deep.bank.test. A
login.bank.test. A
ssh.bank.test. SSHFP
mail.test. MX TXT
smtp.mail.test. AAAA
_25._tcp.smtp.mail.test. TLSA
webmail.mail.test. A
www.p384.test. A
www.rsa512.test. AAAA
www.ed448.test. A
www.dual.test. A

www.island.test. A
island.test. TXT DNSKEY
www.plain.test. A
plain.test. MX
a.b.c.d.plain.test. AAAA
www.dept.plain.test. A
www.newalg.test. A
www.newdigest.test. A
newdigest.test. DNSKEY

hoster.example. NS
www.secure.example. A
a.b.c.secure.example. AAAA
secure.example. TXT
www.rsa.example. A
rsa.example. MX
www.open.example. A
a.b.c.open.example. A
open.example. MX TXT

www.corp.internal. A
wiki.corp.internal. AAAA
corp.internal. TXT SOA
www.eu.corp.internal. A
host.rack.room.eu.corp.internal. A
www.old.corp.internal. A
www.guest.internal. A
www.stale.test. A
'''


def questions():
    """A list of (name, type)."""
    lines = (line.split() for line in QUESTIONS.strip().split('\n') if line)
    return [(name, rdtype) for name, *types in lines for rdtype in types]


def run(*command, cwd=None):
    """What a tool printed on standard output; its own words are in the error if it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f'{" ".join(command)}: exit {done.returncode}\n{done.stderr.strip()}')
    return done.stdout


def stamp(seconds):
    return time.strftime('%Y%m%d%H%M%S', time.gmtime(seconds))


class Tree:
    """All zones as files in a folder: NAME.zone is what was written, NAME.signed what is served."""

    def __init__(self, folder):
        self.folder = folder
        self.now = int(time.time())
        self.zones = {zone.name: zone for zone in tree()}
        self.parents = {}
        for zone in self.zones.values():
            name = dns.name.from_text(zone.name)
            while name != dns.name.root:
                name = name.parent()
                if name.to_text() in self.zones:
                    self.parents[zone.name] = name.to_text()
                    break

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def make(self):
        """Write, sign and delegate every zone, leaves first."""
        deepest_first = sorted(self.zones.values(), key=lambda z: -len(dns.name.from_text(z.name)))
        delegations = {name: '' for name in self.zones}
        for zone in deepest_first:
            zone.text += delegations[zone.name]
            self.make_keys(zone)
            self.sign(zone)
            if zone.name != '.':
                delegations[self.parents[zone.name]] += self.delegation(zone)

    def make_keys(self, zone):
        zone.keys = []
        if zone.signer not in ('ldns', 'bind'):
            return
        for number in zone.algorithms:
            for ksk in (True,) if zone.single else (True, False):
                zone.keys.append(self.make_key(zone, number, ksk))

    def make_key(self, zone, number, ksk):
        mnemonic, bits = ALGORITHMS[number]
        options = ['-b', str(bits)] if number in (8, 10) else []
        if zone.signer == 'ldns':
            command, options = ['ldns-keygen'], options + (['-k'] if ksk else [])
        else:
            command, options = ['dnssec-keygen', '-q'], options + (['-f', 'KSK'] if ksk else [])
        return run(*command, '-a', mnemonic, *options, zone.name, cwd=self.folder).strip()

    def write(self, zone, suffix='zone'):
        path = self.path(f'{zone.base}.{suffix}')
        ns = zone.ns_names()
        with open(path, 'w', encoding='ascii') as file:
            mailbox = 'hostmaster.' + zone.name.lstrip('.')
            file.write(f'$ORIGIN {zone.name}\n$TTL 3600\n'
                       f'@ SOA {ns[0]} {mailbox} {self.now} 7200 3600 1209600 600\n')
            for name in ns:
                file.write(f'@ NS {name}\n')
                if not zone.hosted:
                    file.write(address_records(name, zone.server))
            file.write(zone.text)
        return path

    def sign(self, zone, keys=None, start=None, end=None, suffix='signed'):
        """Sign with the keys in force, for thirty days around now, unless told otherwise."""
        keys = keys or zone.keys
        start, end = start or self.now - DAY, end or self.now + 30 * DAY
        source = self.write(zone)
        target = self.path(f'{zone.base}.{suffix}')
        if zone.signer == 'ldns':
            run('ldns-signzone', '-b', '-i', stamp(start), '-e', stamp(end), '-o', zone.name,
                '-f', target, source, *keys, cwd=self.folder)
        elif zone.signer == 'bind':
            public = ''.join(f'$INCLUDE "{self.path(key + ".key")}"\n' for key in keys)
            with open(source, 'a', encoding='ascii') as file:
                file.write(public)
            options = list(zone.nsec3 or [])
            options += (['-z'] if zone.single else []) + (['-A'] if zone.opt_out else [])
            # -P: no check of what was signed, since some of it is wrong on purpose.
            run('dnssec-signzone', '-P', '-Q', '-s', stamp(start), '-e', stamp(end),
                '-o', zone.name, '-f', target, '-x', *options, '-d', self.folder,
                source, *keys, cwd=self.folder)
        else:
            target = source
        if suffix == 'signed':
            zone.signed = target
            if zone.ds == 'stale':
                self.give_up_keys(zone)
        return target

    def give_up_keys(self, zone):
        """New keys for a zone whose parent keeps the DS of the old ones."""
        zone.old_keys, zone.ds = zone.keys, 'given up'
        self.make_keys(zone)
        self.sign(zone)

    def delegation(self, zone):
        text = ''.join(f'{zone.name} NS {name}\n' for name in zone.ns_names())
        if not zone.hosted:
            text += address_records(f'ns.{zone.name}', zone.server)
        return text + ''.join(f'{line}\n' for line in self.ds_lines(zone))

    def ds_lines(self, zone):
        if zone.ds is None:
            return []
        if zone.ds == 'algorithm':
            return [f'{zone.name} DS 4711 100 2 {"5a" * 32}']
        if zone.signer == 'knot':
            lines = run('keymgr', '-c', self.knot_config(zone), zone.name, 'ds').split('\n')
            return [line for line in lines if re.search(rf'\b{zone.digest} [0-9A-Fa-f]+$', line)]
        keys = getattr(zone, 'old_keys', zone.keys)
        step = 1 if zone.single else 2
        hash_name = {2: 'SHA-256', 4: 'SHA-384'}[zone.digest]
        lines = [run('dnssec-dsfromkey', '-a', hash_name, self.path(key)).strip()
                 for key in keys[::step]]
        if zone.ds == 'digest':
            lines = [re.sub(r' 2 ([0-9A-F]+)$', r' 200 \1', line) for line in lines]
        return lines

    def knot_config(self, zone):
        """A config for keymgr alone; the keys land with the server that serves the zone."""
        kasp = self.path(zone.server, 'kasp')
        path = self.path(f'{zone.base}.keymgr.conf')
        if not os.path.exists(path):
            os.makedirs(kasp, exist_ok=True)
            with open(path, 'w', encoding='ascii') as file:
                file.write(f'database:\n  storage: {self.path(zone.server)}\n  kasp-db: {kasp}\n')
            mnemonic, bits = ALGORITHMS[zone.algorithms[0]]
            roles = ['ksk=yes zsk=yes'] if zone.single else ['ksk=yes zsk=no', 'ksk=no zsk=yes']
            for role in roles:
                run('keymgr', '-c', path, zone.name, 'generate', f'algorithm={mnemonic}',
                    f'size={bits}', *role.split())
        return path

    def anchors(self):
        """The DS of the root, in zone-file form."""
        return self.ds_lines(self.zones['.'])

    def load(self, path, zone):
        return dns.zone.from_file(path, origin=zone.name, relativize=False)
