"""Servers, resolver and wire of the lab.

To be run in network, mount and process namespaces of its own (scripts/lab sees to it): the
process is in the resolver's network, the servers are in one beside it, and all of it is gone
when the process is.

        resolver  wire0 ---------------- wire0  servers
"""
import contextlib
import ctypes
import ipaddress
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rdatatype

from capture import checksum
from lab_tree import SERVERS, address_records, run
from replayer import unbound_program, unbound_server

RESOLVER = '127.0.0.1'
MACS = {'resolver': '02:00:00:00:00:01', 'servers': '02:00:00:00:00:02'}
# The resolver's addresses; the servers' end of the wire has the next ones.
NETWORKS = ['192.0.2.1/24', '2001:db8:2::1/64']
IN_SERVERS = ['ip', 'netns', 'exec', 'servers']
OFFLOADS = [word for name in ('tx', 'rx', 'tso', 'gso', 'gro') for word in (name, 'off')]
# Of the resolver: chassis (a MAC), port (wire0), time to live, system name (lab), end.
LLDP = bytes.fromhex('0180c200000e 020000000001 88cc 0207 04 020000000001 0406 05 7769726530'
                     '0602 0078 0a03 6c6162 0000')


def ip(*words):
    run('ip', *words)


def servers_ip(*words):
    run('ip', '-n', 'servers', *words)


def make_wire():
    """A veth pair, one end here and one with the servers; checksums are computed, not offloaded."""
    os.makedirs('/run/netns', exist_ok=True)
    run('mount', '-t', 'tmpfs', 'tmpfs', '/run/netns')
    ip('netns', 'add', 'servers')
    ip('link', 'add', 'wire0', 'address', MACS['resolver'], 'type', 'veth',
       'peer', 'name', 'wire0', 'address', MACS['servers'], 'netns', 'servers')
    for step, (words, inside) in enumerate(((ip, []), (servers_ip, IN_SERVERS))):
        run(*inside, 'ethtool', '-K', 'wire0', *OFFLOADS)
        for network in map(ipaddress.ip_interface, NETWORKS):
            add_address(words, network.ip + step, network.network.prefixlen, 'wire0')
        for device in ('lo', 'wire0'):
            words('link', 'set', device, 'up')
    for server in SERVERS.values():
        for address in map(ipaddress.ip_address, server['addresses']):
            add_address(servers_ip, address, address.max_prefixlen, 'lo')
    for network in map(ipaddress.ip_interface, NETWORKS):
        ip(f'-{network.version}', 'route', 'add', 'default', 'via', str(network.ip + 1))


def add_address(words, address, prefix, device):
    # Without nodad, an IPv6 address could not be used for the first second.
    words('address', 'add', f'{address}/{prefix}', 'dev', device,
          *(['nodad'] if address.version == 6 else []))


@contextlib.contextmanager
def servers_network():
    """In here, new sockets are the servers'. A socket stays in the network it was made in."""
    libc = ctypes.CDLL(None, use_errno=True)
    here = os.open('/proc/self/ns/net', os.O_RDONLY)
    there = os.open('/run/netns/servers', os.O_RDONLY)
    try:
        if libc.setns(there, 0) != 0:
            raise OSError(ctypes.get_errno(), 'setns: servers')
        try:
            yield
        finally:
            if libc.setns(here, 0) != 0:
                os._exit(1)
    finally:
        os.close(here)
        os.close(there)


class Daemons:
    """Child processes with their output in files; stopped by pid, in reverse order of start."""

    def __init__(self, folder):
        self.folder, self.running = folder, []

    def start(self, name, *command):
        with open(self.log(name), 'wb') as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.running.append((name, process))
        return process

    def log(self, name):
        return os.path.join(self.folder, f'{name}.log')

    def check(self):
        for name, process in self.running:
            if process.poll() is not None:
                with open(self.log(name), encoding='utf-8', errors='replace') as log:
                    words = log.read()[-2000:]
                raise RuntimeError(f'{name} ended with {process.returncode}:\n{words}')

    def stop(self):
        for _, process in reversed(self.running):
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        for _, process in reversed(self.running):
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running = []


def nsd_config(tree, name, folder):
    lines = ['server:', '  username: ""', '  chroot: ""', '  server-count: 1', '  database: ""',
             f'  zonesdir: "{folder}"', f'  pidfile: "{folder}/nsd.pid"',
             f'  xfrdfile: "{folder}/xfrd.state"', f'  zonelistfile: "{folder}/zone.list"',
             f'  xfrdir: "{folder}"', '  hide-version: no', '  minimal-responses: no']
    lines += [f'  ip-address: {address}' for address in SERVERS[name]['addresses']]
    lines += ['remote-control:', '  control-enable: no']
    for zone in tree.zones.values():
        if zone.server == name:
            lines += ['zone:', f'  name: "{zone.name}"', f'  zonefile: "{zone.signed}"']
    return lines


def knot_config(tree, name, folder):
    lines = ['server:', f'  rundir: "{folder}"', '  udp-workers: 1', '  tcp-workers: 1',
             '  background-workers: 1']
    lines += [f'  listen: {address}@53' for address in SERVERS[name]['addresses']]
    lines += ['log:', '  - target: stderr', '    any: info',
              'database:', f'  storage: "{folder}"', '  kasp-db: kasp', 'policy:']
    zones = [zone for zone in tree.zones.values() if zone.server == name]
    for zone in zones:
        if zone.signer == 'knot':
            lines += [f'  - id: {zone.base}', '    manual: on',
                      '    rrsig-lifetime: 30d', '    rrsig-refresh: 7d',
                      f'    single-type-signing: {"on" if zone.single else "off"}',
                      f'    nsec3: {"on" if zone.nsec3 else "off"}']
            if zone.nsec3:
                lines += [f'    nsec3-iterations: {zone.nsec3}', '    nsec3-salt-length: 4']
    lines += ['zone:']
    for zone in zones:
        lines += [f'  - domain: "{zone.name}"', f'    file: "{zone.signed}"',
                  '    zonefile-sync: -1', '    zonefile-load: whole', '    journal-content: none',
                  '    semantic-checks: off']
        if zone.signer == 'knot':
            lines += ['    dnssec-signing: on', f'    dnssec-policy: {zone.base}']
    return lines


def start_servers(tree, daemons):
    for name, server in SERVERS.items():
        folder = tree.path(name)
        os.makedirs(folder, exist_ok=True)
        config = os.path.join(folder, 'server.conf')
        nsd = server['program'] == 'nsd'
        with open(config, 'w', encoding='ascii') as file:
            file.write('\n'.join((nsd_config if nsd else knot_config)(tree, name, folder)) + '\n')
        program = ['nsd', '-d', '-c', config] if nsd else ['knotd', '-c', config]
        daemons.start(name, *IN_SERVERS, *program)
    for zone in tree.zones.values():
        wait_for_zone(zone, daemons)


def wait_for_zone(zone, daemons):
    """Until the server answers for the zone, signed if it is to be; asked beside the wire."""
    address = SERVERS[zone.server]['addresses'][0]
    query = dns.message.make_query(zone.name, 'SOA', want_dnssec=True)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        daemons.check()
        with servers_network(), contextlib.suppress(OSError, dns.exception.Timeout):
            reply = dns.query.udp(query, address, timeout=0.5)
            signed = any(rrset.rdtype == dns.rdatatype.RRSIG for rrset in reply.answer)
            if reply.flags & dns.flags.AA and reply.answer and signed == bool(zone.signer):
                return
        time.sleep(0.1)
    raise RuntimeError(f'{zone.name}: no answer from {zone.server} ({address}) within 20 s')


def start_resolver(tree, daemons):
    folder = tree.path('resolver')
    os.makedirs(folder, exist_ok=True)
    hints, anchors = os.path.join(folder, 'root.hints'), os.path.join(folder, 'anchors')
    with open(hints, 'w', encoding='ascii') as file:
        file.write('. 3600000 NS a.root.\n' + address_records('a.root. 3600000', 'root'))
    with open(anchors, 'w', encoding='ascii') as file:
        file.write('\n'.join(tree.anchors()) + '\n')
    config = os.path.join(folder, 'unbound.conf')
    with open(config, 'w', encoding='ascii') as file:
        file.write('\n'.join([
            *unbound_server(folder, anchors), f'  pidfile: "{folder}/unbound.pid"',
            f'  interface: {RESOLVER}', f'  root-hints: "{hints}"', '  do-ip6: yes',
            '  use-caps-for-id: yes']) + '\n')
    daemons.start('resolver', unbound_program(folder), '-d', '-p', '-c', config)
    query = dns.message.make_query('localhost.', 'A')
    for _ in range(100):
        daemons.check()
        with contextlib.suppress(OSError, dns.exception.Timeout):
            dns.query.udp(query, RESOLVER, timeout=0.2)
            return
        time.sleep(0.05)
    raise RuntimeError('unbound does not answer')


class Capture:
    """tcpdump on the resolver's end of the wire, from start to stop; nothing may be lost."""

    def __init__(self, path):
        self.path = path
        self.process = subprocess.Popen(
            ['tcpdump', '-i', 'wire0', '-w', path, '-s', '0', '-n', '-Z', 'root', '-B', '8192',
             '--immediate-mode', '--time-stamp-precision=micro'],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if 'listening on' in line:
                return
        raise RuntimeError('tcpdump did not start')

    def stop(self):
        time.sleep(0.5)
        self.process.send_signal(signal.SIGINT)
        _, words = self.process.communicate(timeout=10)
        counts = re.findall(r'(\d+) packets (captured|received by filter|dropped by kernel)', words)
        counts = {kind: int(n) for n, kind in counts}
        lost = counts['received by filter'] - counts['captured']
        if lost != 0 or counts['dropped by kernel'] != 0:
            raise RuntimeError(f'the capture is not whole: {" ".join(words.split())}')


def other_traffic():
    """What is not DNS: neighbours, echo, a TCP connection, a clock's datagram, LLDP."""
    address = SERVERS['root']['addresses'][0]
    with servers_network():
        listener = socket.create_server((address, 80))
        clock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        clock.bind((address, 123))
        lldp = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        lldp.bind(('wire0', 0))
    lldp.send(LLDP.replace(bytes.fromhex('020000000001'), bytes.fromhex('020000000002')))
    lldp.close()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as lldp:
        lldp.bind(('wire0', 0))
        lldp.send(LLDP)

    def serve():
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b'HTTP/1.0 204 No Content\r\n\r\n')

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    with socket.create_connection((address, 80), timeout=5) as client:
        client.sendall(b'GET / HTTP/1.0\r\n\r\n')
        while client.recv(1000):
            pass
    server.join()
    listener.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.sendto(b'\x23' + bytes(47), (address, 123))
        clock.sendto(b'\x24' + bytes(47), clock.recvfrom(100)[1])
        client.recv(100)
    clock.close()
    ping(socket.AF_INET, 8, address)
    ping(socket.AF_INET6, 128, SERVERS['root']['addresses'][1])


def ping(family, kind, target):
    protocol = socket.IPPROTO_ICMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6
    with socket.socket(family, socket.SOCK_RAW, protocol) as raw:
        raw.settimeout(5)
        body = struct.pack('!BBHHH', kind, 0, 0, 4711, 1) + b'wirevet lab'.ljust(56, b'.')
        if family == socket.AF_INET:
            body = body[:2] + struct.pack('!H', checksum(body)) + body[4:]
        raw.sendto(body, (target, 0))
        raw.recv(1000)
