"""Unbound and delv, asked about answers that a server on loopback holds ready for them."""
import contextlib
import ctypes
import multiprocessing
import os
import select
import signal
import socket
import struct
import subprocess
import threading

import dns.name
import dns.rdatatype

LOOPBACK = '127.0.0.1'
SIZE = 4096  # a longer answer goes over TCP
PATIENCE_S = 10  # what takes longer has no end
UNDECIDED = 'trouble'  # the validator did not come so far as to judge


class Server:
    """Answers on loopback, UDP and TCP on one port, in a thread, by question alone.

    `resolver` is asked for each question once; `exchanged` holds what was told.
    """

    def __init__(self):
        self.resolver, self.exchanged, self.trouble = None, {}, []
        self.tcp = socket.create_server((LOOPBACK, 0), backlog=16)
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((LOOPBACK, self.port))
        self.end, self.ended = socket.socketpair()
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end.close()
        self.thread.join()
        for one in (self.udp, self.tcp, self.ended):
            one.close()

    def play(self, resolver):
        """From now on answer for this resolver."""
        self.resolver, self.exchanged, self.trouble = resolver, {}, []

    def serve(self):
        sources = [self.udp, self.tcp, self.ended]
        while self.ended not in (ready := select.select(sources, [], [])[0]):
            # An asker that went away is no trouble of ours.
            with contextlib.suppress(OSError):
                if self.udp in ready:
                    query, peer = self.udp.recvfrom(65535)
                    self.udp.sendto(self.respond(query, SIZE), peer)
                if self.tcp in ready:
                    self.serve_connection()

    def serve_connection(self):
        connection, _ = self.tcp.accept()
        with connection, connection.makefile('rwb') as stream:
            connection.settimeout(2)
            length = stream.read(2)
            if len(length) == 2:
                reply = self.respond(stream.read(struct.unpack('!H', length)[0]), 65535)
                stream.write(struct.pack('!H', len(reply)) + reply)

    def respond(self, query, size):
        try:
            name, used = dns.name.from_wire(query, 12)
            rdtype = struct.unpack_from('!H', query, 12 + used)[0]
            question = query[12:12 + used + 4]
            return self.reply(name, rdtype).to_wire(struct.unpack('!H', query[:2])[0], question,
                                                    size)
        except Exception as error:  # an answer all the same, else the validator waits for long
            self.trouble.append(repr(error))
            return query[:2] + b'\x81\x82' + query[4:6] + bytes(6) + query[12:]

    def reply(self, name, rdtype):
        known = self.exchanged.get((name, rdtype))
        if known is None:
            known = self.exchanged[name, rdtype] = self.resolver.answer(name, rdtype)
        return known


class Result(ctypes.Structure):
    """struct ub_result of unbound.h, as far as it is read."""

    _fields_ = [('qname', ctypes.c_char_p), ('qtype', ctypes.c_int), ('qclass', ctypes.c_int),
                ('data', ctypes.c_void_p), ('len', ctypes.c_void_p),
                ('canonname', ctypes.c_char_p), ('rcode', ctypes.c_int),
                ('answer_packet', ctypes.c_void_p), ('answer_len', ctypes.c_int),
                ('havedata', ctypes.c_int), ('nxdomain', ctypes.c_int),
                ('secure', ctypes.c_int), ('bogus', ctypes.c_int),
                ('why_bogus', ctypes.c_char_p)]


def load_unbound():
    library = ctypes.CDLL('libunbound.so.8')
    library.ub_ctx_create.restype = ctypes.c_void_p
    library.ub_strerror.restype = ctypes.c_char_p
    for name, arguments in (('set_option', [ctypes.c_char_p] * 2),
                            ('set_fwd', [ctypes.c_char_p]), ('add_ta', [ctypes.c_char_p])):
        getattr(library, f'ub_ctx_{name}').argtypes = [ctypes.c_void_p] + arguments
    library.ub_ctx_delete.argtypes = [ctypes.c_void_p]
    library.ub_resolve.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int,
                                   ctypes.POINTER(ctypes.POINTER(Result))]
    library.ub_ctx_debugout.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    return library


def nowhere():
    """A stdio stream, for what libunbound would say on standard error."""
    library = ctypes.CDLL(None)
    library.fopen.restype = ctypes.c_void_p
    return library.fopen(b'/dev/null', b'w')


class Unbound:
    """libunbound in a child, with an empty cache for each question.

    A child, since some answers make libunbound turn for ever; the same for all questions up to such a
    one, since to make one takes longer than most answers.
    """

    OPTIONS = {'do-not-query-localhost': 'no', 'do-ip6': 'no', 'qname-minimisation': 'no',
               'aggressive-nsec': 'no', 'harden-below-nxdomain': 'no', 'edns-buffer-size': str(SIZE),
               'val-sig-skew-min': '0', 'val-sig-skew-max': '0', 'val-clean-additional': 'no',
               'val-nsec3-keysize-iterations': '1024 50 2048 50 4096 50',
               'trust-anchor-signaling': 'no', 'infra-cache-min-rtt': '2000',
               'msg-cache-size': '64k', 'rrset-cache-size': '64k', 'key-cache-size': '64k',
               'neg-cache-size': '64k'}

    def __init__(self, port):
        self.library, self.port, self.words = load_unbound(), port, nowhere()
        self.child = self.pipe = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child is not None:
            self.pipe.close()
            os.waitpid(self.child, 0)
            self.child = self.pipe = None

    def call(self, name, *arguments):
        code = getattr(self.library, f'ub_ctx_{name}')(*arguments)
        if code:
            words = self.library.ub_strerror(code).decode()
            raise RuntimeError(f'libunbound: {name} {arguments[1:]}: {words}')

    def ask(self, anchors, name, rdtype):
        """(verdict, words)"""
        if self.child is None:
            self.start()
        self.pipe.send((anchors, name, rdtype))
        try:
            return self.pipe.recv()
        except EOFError:
            self.__exit__()
            return UNDECIDED, 'no end'

    def start(self):
        self.pipe, theirs = multiprocessing.Pipe()
        self.child = os.fork()
        if self.child == 0:
            self.pipe.close()
            try:
                self.serve(theirs)
            finally:
                os._exit(0)
        theirs.close()

    def serve(self, pipe):
        """In the child, until nobody asks any more."""
        with contextlib.suppress(EOFError):
            while True:
                question = pipe.recv()
                signal.alarm(PATIENCE_S)
                pipe.send(self.ask_here(*question))
                signal.alarm(0)

    def ask_here(self, anchors, name, rdtype):
        context = ctypes.c_void_p(self.library.ub_ctx_create())
        self.call('debugout', context, self.words)
        for option, value in self.OPTIONS.items():
            self.call('set_option', context, f'{option}:'.encode(), value.encode())
        self.call('set_fwd', context, f'{LOOPBACK}@{self.port}'.encode())
        for line in anchors:
            self.call('add_ta', context, line.encode())
        try:
            return self.resolve(context, name, rdtype)
        finally:
            self.library.ub_ctx_delete(context)

    def resolve(self, context, name, rdtype):
        answer = ctypes.POINTER(Result)()
        code = self.library.ub_resolve(context, name.to_text().encode(), rdtype, 1,
                                       ctypes.byref(answer))
        if code:
            return UNDECIDED, self.library.ub_strerror(code).decode()
        r = answer.contents
        words = (r.why_bogus or b'').decode(errors='replace')
        if r.bogus:
            verdict = 'bogus'
        elif r.secure:
            verdict = 'secure'
        elif r.rcode not in (0, 3, 6):
            verdict, words = UNDECIDED, f'rcode {r.rcode}'
        else:
            verdict = 'insecure'
        return verdict, words


class Delv:
    """delv, a process for each question; its clock is the machine's."""

    NO_VERDICT = ('timed out', 'SERVFAIL', 'FORMERR', 'unexpected', 'failure', 'REFUSED',
                  'bad', 'no more', 'CNAME', 'exceeded', 'quota', 'extra input')
    # It clears 20 MiB for its caches before it asks: in huge pages that takes half the time of a run.
    ENVIRONMENT = {'MALLOC_CONF': 'thp:always'}

    def __init__(self, folder, port):
        self.config, self.port = os.path.join(folder, 'delv.anchors'), port

    def start(self, anchors, name, rdtype):
        with open(self.config, 'w', encoding='ascii') as file:
            file.write('trust-anchors {\n')
            for line in anchors:
                owner, _, _, tag, algorithm, digest_type, digest = line.split()
                file.write(f'\t"{owner}" static-ds {tag} {algorithm} {digest_type} "{digest}";\n')
            file.write('};\n')
        return subprocess.Popen(
            ['delv', f'@{LOOPBACK}', '-4', '-p', str(self.port), '-a', self.config, '+root=.',
             '-q', name.to_text(), '-t', type_word(rdtype)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, **self.ENVIRONMENT})

    def finish(self, process):
        """(verdict, words)"""
        try:
            words, _ = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return UNDECIDED, 'no end'
        failed = [line for line in words.split('\n') if 'resolution failed' in line]
        if failed and 'ncache' not in failed[0]:
            reason = failed[0].split('resolution failed: ')[1]
            detail = [line.split(': ', 1)[-1] for line in words.split('\n')
                      if line.startswith(';; ') and 'resolution failed' not in line]
            undecided = any(w in reason for w in self.NO_VERDICT)
            return UNDECIDED if undecided else 'bogus', '; '.join([reason] + detail[:3])
        if 'pending validation' in words:  # a negative answer with an SOA that does not hold
            return UNDECIDED, 'pending validation'
        if 'unsigned answer' in words:
            return 'insecure', ''
        if 'fully validated' in words:
            return 'secure', ''
        return UNDECIDED, ' '.join(words.split())[:200]


def type_word(rdtype):
    text = dns.rdatatype.to_text(rdtype)
    return text if rdtype < 256 else f'TYPE{rdtype}'
