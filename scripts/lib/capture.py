"""Captures and frames, as much of them as the lab and the tests need.

Classic pcap with Ethernet frames; Ethernet, VLAN tags, IPv4 without options,
IPv6 without extension headers, UDP. What is read whole and written back unchanged is octet for
octet the same.
"""
import struct

PCAP_HEADER = struct.Struct('<IHHiIII')
PCAP_RECORD = struct.Struct('<IIII')
MAGIC_US = 0xa1b2c3d4
MAGIC_NS = 0xa1b23c4d  # what DPDK's net_pcap writes
LINK_ETHERNET = 1
VLAN_TYPES = (0x8100, 0x88a8)
UDP = 17


def read_pcap(path):
    """The frames of a capture: a list of (time in microseconds, octets)."""
    with open(path, 'rb') as file:
        data = file.read()
    if len(data) < PCAP_HEADER.size:
        raise ValueError(f'{path}: want a pcap file, found {len(data)} octets')
    magic, _, _, _, _, _, link = PCAP_HEADER.unpack_from(data)
    if magic not in (MAGIC_US, MAGIC_NS) or link != LINK_ETHERNET:
        raise ValueError(f'{path}: want pcap, Ethernet; found magic {magic:#x}, link {link}')
    per_us = 1000 if magic == MAGIC_NS else 1
    frames, at = [], PCAP_HEADER.size
    while at < len(data):
        if at + PCAP_RECORD.size > len(data):
            raise ValueError(f'{path}: cut in the header of frame {len(frames) + 1}')
        seconds, part, caplen, length = PCAP_RECORD.unpack_from(data, at)
        at += PCAP_RECORD.size
        if caplen != length or at + caplen > len(data):
            raise ValueError(f'{path}: frame {len(frames) + 1} is cut')
        frames.append((seconds * 1_000_000 + part // per_us, data[at:at + caplen]))
        at += caplen
    return frames


def write_pcap(path, frames):
    with open(path, 'wb') as file:
        file.write(PCAP_HEADER.pack(MAGIC_US, 2, 4, 0, 0, 262144, LINK_ETHERNET))
        for time, octets in frames:
            seconds, us = divmod(time, 1_000_000)
            file.write(PCAP_RECORD.pack(seconds, us, len(octets), len(octets)) + octets)


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Datagram:
    """A frame that carries a UDP datagram, taken apart; octets() puts it together again."""

    def __init__(self, link, network, src, dst, sport, dport, payload):
        self.link = link        # Ethernet header with its VLAN tags
        self.network = network  # IP header as captured
        self.src, self.dst = src, dst
        self.sport, self.dport = sport, dport
        self.payload = payload

    @classmethod
    def parse(cls, octets):
        """The datagram in a frame, or None where the frame holds none, or a fragment of one."""
        at = 12
        while octets[at:at + 2] and struct.unpack_from('!H', octets, at)[0] in VLAN_TYPES:
            at += 4
        if len(octets) < at + 2:
            return None
        ethertype = struct.unpack_from('!H', octets, at)[0]
        link, rest = octets[:at + 2], octets[at + 2:]
        if ethertype == 0x0800 and len(rest) >= 28 and rest[0] == 0x45:
            total, _, fragment = struct.unpack_from('!HHH', rest, 2)
            if rest[9] != UDP or fragment & 0x3fff or total > len(rest):
                return None
            header, src, dst, end = 20, rest[12:16], rest[16:20], total
        elif ethertype == 0x86dd and len(rest) >= 48 and rest[6] == UDP:
            end = 40 + struct.unpack_from('!H', rest, 4)[0]
            if end > len(rest):
                return None
            header, src, dst = 40, rest[8:24], rest[24:40]
        else:
            return None
        sport, dport, length, _ = struct.unpack_from('!HHHH', rest, header)
        if length < 8 or header + length > end:
            return None
        return cls(link, rest[:header], src, dst, sport, dport, rest[header + 8:header + length])

    def octets(self):
        length = 8 + len(self.payload)
        udp = struct.pack('!HHHH', self.sport, self.dport, length, 0) + self.payload
        pseudo = self.src + self.dst + struct.pack('!II', UDP, length)
        # Zero would say that there is no checksum (RFC 768).
        udp = udp[:6] + struct.pack('!H', checksum(pseudo + udp) or 0xffff) + udp[8:]
        network = bytearray(self.network)
        if len(self.src) == 4:
            struct.pack_into('!H', network, 2, 20 + length)
            struct.pack_into('!H', network, 10, 0)
            struct.pack_into('!H', network, 10, checksum(bytes(network)))
        else:
            struct.pack_into('!H', network, 4, length)
        return self.link + bytes(network) + udp

    def is_response(self):
        return self.sport == 53 and len(self.payload) >= 12 and bool(self.payload[2] & 0x80)

    def is_query(self):
        return self.dport == 53 and len(self.payload) >= 12 and not self.payload[2] & 0x80

    def answers(self, query):
        """Whether this datagram goes the way back of that one, with the same DNS id."""
        return (self.src, self.dst, self.sport, self.dport, self.payload[:2]) == (
            query.dst, query.src, query.dport, query.sport, query.payload[:2])
