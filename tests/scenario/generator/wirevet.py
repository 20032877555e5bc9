"""wirevet-verdict, given what the validators were told, as a capture."""
import json
import os
import struct
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(ROOT, 'scripts', 'lib'))

from capture import Datagram, write_pcap  # noqa: E402

from .records import query_wire  # noqa: E402

TOOL = os.path.join(os.environ.get('WIREVET_BUILD', os.path.join(ROOT, 'build')), 'app',
                    'wirevet-verdict')
# No skew, as in the other validators; and what they validate with SHA-1 we do too.
CONFIG = {'version': 1, 'validation': {'skew': {'percent': 0, 'min_s': 0, 'max_s': 0},
                                       'sha1': 'validate'}}
CLIENT, SERVER = bytes([10, 0, 0, 1]), bytes([192, 0, 2, 1])
LINK = bytes([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0])


def datagram(payload, number, is_response):
    src, dst = (SERVER, CLIENT) if is_response else (CLIENT, SERVER)
    sport, dport = (53, 10000 + number) if is_response else (10000 + number, 53)
    head = struct.pack('!BBHHHBBH', 0x45, 0, 0, number, 0, 64, 17, 0) + src + dst
    return Datagram(LINK, head, src, dst, sport, dport, payload).octets()


def frames_of(replies, now):
    """A query and a response for each reply: frames of a capture."""
    frames = []
    for number, r in enumerate(replies, 1):
        for payload in (query_wire(number, r.qname, r.qtype), r.to_wire(number)):
            at = now * 1_000_000 + len(frames)
            frames.append((at, datagram(payload, number, len(frames) % 2 == 1)))
    return frames


class Wirevet:
    def __init__(self, folder, leg='client'):
        self.folder, self.leg = folder, leg
        self.capture, self.anchors, self.config = (
            os.path.join(folder, name) for name in ('capture.pcap', 'anchors', 'config.json'))
        with open(self.config, 'w', encoding='ascii') as file:
            json.dump(CONFIG, file)

    def command(self, folder):
        paths = [os.path.join(folder, os.path.basename(p))
                 for p in (self.anchors, self.config, self.capture)]
        return [TOOL, '--anchors', paths[0], '--config', paths[1], '--leg', self.leg, paths[2]]

    def ask(self, anchors, replies, now, wanted=1):
        """[(verdict, reason)] for so many of the replies at the end."""
        with open(self.anchors, 'w', encoding='ascii') as file:
            file.write('\n'.join(anchors) + '\n')
        write_pcap(self.capture, frames_of(replies, now))
        done = subprocess.run(self.command(self.folder), capture_output=True, text=True,
                              timeout=120, check=False)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        if done.returncode not in (0, 1, 2) or done.stderr or len(lines) != len(replies):
            words = done.stderr.strip()[-300:]
            return [('failed', f'exit {done.returncode}, {len(lines)} lines: {words}')] * wanted
        return [(line['verdict'], line['reason']) for line in lines[-wanted:]]
