#!/usr/bin/python3
"""Seeds for the fuzzers: the scenarios and the vectors, in the form that each target reads.

seeds.py FOLDER    writes FOLDER/TARGET/NAME

A fuzzer cannot sign: stories go by the rules of story.h instead, and so do signatures and digests
of DS in them.
"""
import glob
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'scenario'))

import scenario  # noqa: E402

DS, RRSIG, NSEC, NSEC3 = 43, 46, 47, 50
DIGEST = b'\xd5'            # story.h: STORY_DIGEST
DIGEST_LEN = {2: 32, 4: 48}  # SHA-1 is in earnest
SHA1, HARDEN, CLIENT, NO_TIME, ASKED = 1, 2, 4, 8, 16
SEEN, DO = 1, 2
ALGORITHMS = {5: 0, 7: 0, 8: 1, 10: 2, 13: 3, 14: 4, 15: 5, 16: 6}  # enum wv_alg


def skip_name(octets, at):
    while octets[at]:
        if octets[at] >= 192:
            return at + 2
        at += 1 + octets[at]
    return at + 1


def name_labels(octets, at):
    labels, hops = 0, 0
    while octets[at] and hops < 128:
        hops += 1
        if octets[at] >= 192:
            at = (octets[at] & 63) << 8 | octets[at + 1]
            continue
        labels += 1
        at += 1 + octets[at]
    return labels


def records(octets):
    """(type, start, end of its data) of each record, as far as they can be read."""
    try:
        at = 12
        for _ in range(struct.unpack_from('!H', octets, 4)[0]):
            at = skip_name(octets, at) + 4
        while at < len(octets):
            at = skip_name(octets, at)
            rdtype, _, _, rdlen = struct.unpack_from('!HHIH', octets, at)
            at += 10 + rdlen
            if at > len(octets):
                return
            yield rdtype, at - rdlen, at
    except (IndexError, struct.error):
        return


def by_the_rules(octets):
    """A response with signatures that are right by all keys, and DS that match all keys."""
    octets = bytearray(octets)
    for rdtype, start, end in list(records(octets)):
        if rdtype == RRSIG and end - start > 19:
            signature = skip_name(octets, start + 18)
            if signature < end:
                octets[signature] = 0xff
        if rdtype == DS and end - start == 4 + DIGEST_LEN.get(octets[start + 3], 0):
            octets[start + 4:end] = DIGEST * (end - start - 4)
    return bytes(octets)


def anchor_by_the_rules(line):
    words = line.split(';')[0].split()
    for i, word in enumerate(words):
        if word.upper() == 'DS' and len(words) > i + 4:
            size = DIGEST_LEN.get(int(words[i + 3])) if words[i + 3].isdigit() else None
            if size:
                words[i + 4:] = [(DIGEST * size).hex()]
    return ' '.join(words)


def story(s, responses):
    flags = (CLIENT if s.leg == 'client' else 0) | (NO_TIME if s.time == '-1' else 0) \
        | (SHA1 if s.settings.get('validation.sha1') == '"validate"' else 0) \
        | (HARDEN if s.settings.get('validation.harden_algo_downgrade') == 'true' else 0) \
        | (ASKED if s.order == 'any' else 0)
    anchors = '\n'.join(anchor_by_the_rules(line) for line in s.anchors).encode()
    out = struct.pack('!BBH', flags, 0, len(anchors)) + anchors
    for m, response in zip(s.messages, responses):
        seen = (SEEN if m.has_query else 0) | (DO if m.query_do and m.edns else 0)
        at = int(s.time) if s.time.isdigit() else m.at
        out += struct.pack('!BIH', seen, at & 0xffffffff, len(response)) + by_the_rules(response)
    return out


def denial(response):
    """Zone and name by their labels, then the response; None: it denies nothing."""
    signer = None
    for rdtype, start, _ in records(response):
        if rdtype == RRSIG and struct.unpack_from('!H', response, start)[0] in (NSEC, NSEC3):
            signer = name_labels(response, start + 18)
    if signer is None:
        return None
    return bytes([signer, name_labels(response, 12)]) + response


def vectors():
    """Keys with data and a signature, for fuzz_verify."""
    row = {}
    with open(os.path.join(HERE, '..', 'vectors', 'signatures.txt'), encoding='utf-8') as f:
        for line in f:
            name, _, value = line.strip().partition(' ')
            row[name] = value
            if name != 'expect':
                continue
            key, data, signature = (bytes.fromhex(row[n].strip('-'))
                                    for n in ('key', 'data', 'signature'))
            number = int(row['algorithm'])
            size = {5: 20, 7: 20, 8: 32, 10: 64, 13: 32, 14: 48}.get(number, 64)
            if number in ALGORITHMS:
                digest = {5: 'sha1', 7: 'sha1', 8: 'sha256', 10: 'sha512', 13: 'sha256',
                          14: 'sha384'}.get(number)
                data = scenario.hashlib.new(digest, data).digest() if digest \
                    else data[:size].ljust(size, b'\0')
                yield struct.pack('!BH', ALGORITHMS[number], len(key)) + key + data + signature


class Seeds:
    def __init__(self, folder):
        self.folder = folder
        self.n = 0

    def put(self, target, name, octets):
        folder = os.path.join(self.folder, target)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name), 'wb') as f:
            f.write(octets)
        self.n += 1

    def put_message(self, name, response):
        for target in ('message', 'canon', 'wire'):
            self.put(target, name, response)
        self.put('rewrite', name, b'\0' + response)
        self.put('chain', name, b'\0' + response)
        octets = denial(response)
        if octets:
            self.put('denial', name, octets)

    def put_scenario(self, name, s):
        frames, _ = s.capture()
        responses = [scenario.wire(m, i + 1)[1] for i, m in enumerate(s.messages)]
        told = story(s, responses)
        self.put('validate', name, told)
        self.put('learn', name, told)
        self.put('trust', name, '\n'.join(s.anchors).encode())
        self.put('flow', name, b''.join(struct.pack('!BH', 1, len(f) - 14) + f[14:]
                                        for _, f in frames[:32]))
        path = os.path.join(self.folder, 'pcap')
        scenario.write_pcap(path, frames[:8])
        with open(path, 'rb') as f:
            self.put('capture', name, f.read())
        os.unlink(path)
        for i, response in enumerate(responses):
            self.put_message('%s-%d' % (name, i), response)
        for i, (_, octets) in enumerate(frames[:2]):
            self.put('packet', '%s-%d' % (name, i), b'\xfe' + octets)


def main(args):
    if len(args) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    os.makedirs(args[0], exist_ok=True)
    seeds = Seeds(args[0])
    for path in sorted(glob.glob(os.path.join(HERE, '..', 'scenario', '*.txt'))):
        stem = os.path.basename(path)[:-len('.txt')]
        for i, s in enumerate(scenario.read(path)):
            seeds.put_scenario('%s-%02d' % (stem, i + 1), s)
    for i, octets in enumerate(vectors()):
        seeds.put('verify', 'vector-%03d' % i, octets)
    return 0 if seeds.n else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
