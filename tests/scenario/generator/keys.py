"""Keys of a zone. The same numbers give the same key in every run; RSA keys are a small pool."""
import base64
import functools
import hashlib
import os
import struct

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils

POOL = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'keys')
RSA = {5: hashes.SHA1, 7: hashes.SHA1, 8: hashes.SHA256, 10: hashes.SHA512}
SUPPORTED = (8, 10, 13, 14, 15, 16)


@functools.lru_cache(maxsize=None)
def rsa_key(bits, number):
    with open(os.path.join(POOL, f'rsa-{bits}-{number}.pem'), 'rb') as file:
        return serialization.load_pem_private_key(file.read(), None)


def private_key(algorithm, bits, seed):
    """None for an algorithm that nobody knows."""
    digest = hashlib.sha512(b'generator key %d %d' % (algorithm, seed)).digest()
    if algorithm in RSA:
        return rsa_key(bits, seed % 2)
    if algorithm in (13, 14):
        curve = ec.SECP256R1() if algorithm == 13 else ec.SECP384R1()
        return ec.derive_private_key(int.from_bytes(digest[:31], 'big') | 1, curve)
    if algorithm == 15:
        return ed25519.Ed25519PrivateKey.from_private_bytes(digest[:32])
    if algorithm == 16:
        return ed448.Ed448PrivateKey.from_private_bytes(digest[:57])
    return None


class Key:
    """A DNSKEY with its private half; `roles` is a set of 'dnskey' and 'data': what it signs."""

    def __init__(self, algorithm, seed, roles, flags, bits=2048, protocol=3):
        self.algorithm, self.roles, self.flags = algorithm, roles, flags
        self.private = private_key(algorithm, bits, seed)
        if self.private is None:
            self.public = hashlib.sha512(b'generator public %d' % seed).digest()
        else:
            self.public = public_field(self.private)
        self.rdata = struct.pack('!HBB', flags, protocol, algorithm) + self.public

    def with_flags(self, flags, protocol=3):
        """The same key with other numbers in its DNSKEY."""
        other = object.__new__(Key)
        other.__dict__.update(self.__dict__)
        other.flags = flags
        other.rdata = struct.pack('!HBB', flags, protocol, self.algorithm) + self.public
        return other

    @property
    def tag(self):
        """RFC 4034 appendix B."""
        octets = self.rdata + b'\0' * (len(self.rdata) % 2)
        total = sum(struct.unpack(f'!{len(octets) // 2}H', octets))
        return (total + (total >> 16)) & 0xffff

    def ds(self, zone, digest_type):
        """The rdata of its DS; with octets that look like a digest for a type nobody knows."""
        name = {1: 'sha1', 2: 'sha256', 4: 'sha384'}.get(digest_type, 'sha512')
        digest = hashlib.new(name, zone.canonicalize().to_wire() + self.rdata).digest()
        return struct.pack('!HBB', self.tag, self.algorithm, digest_type) + digest

    def ds_text(self, zone):
        rdata = self.ds(zone, 2)
        return f'{zone} IN DS {self.tag} {self.algorithm} 2 {rdata[4:].hex()}'

    def text(self, zone):
        return f'{zone} IN DNSKEY {self.flags} {self.rdata[2]} {self.algorithm} ' \
               + base64.b64encode(self.public).decode()

    def sign(self, data):
        if self.private is None:
            return hashlib.sha512(data).digest()
        if self.algorithm in RSA:
            return self.private.sign(data, padding.PKCS1v15(), RSA[self.algorithm]())
        if self.algorithm in (13, 14):
            digest, size = (hashes.SHA256(), 32) if self.algorithm == 13 else (hashes.SHA384(), 48)
            r, s = utils.decode_dss_signature(self.private.sign(data, ec.ECDSA(digest)))
            return r.to_bytes(size, 'big') + s.to_bytes(size, 'big')
        return self.private.sign(data)


def public_field(private):
    public = private.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        n = public.public_numbers()
        e = n.e.to_bytes((n.e.bit_length() + 7) // 8, 'big')
        return bytes([len(e)]) + e + n.n.to_bytes((n.n.bit_length() + 7) // 8, 'big')
    if isinstance(public, ec.EllipticCurvePublicKey):
        n, size = public.public_numbers(), (public.curve.key_size + 7) // 8
        return n.x.to_bytes(size, 'big') + n.y.to_bytes(size, 'big')
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
