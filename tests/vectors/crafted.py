#!/usr/bin/python3
"""Makes crafted.txt: signatures of every algorithm at which a check may go wrong.

All arithmetic is this file's own, on Python's integers, and nothing is left to chance: the same
octets come out each time. `crafted.py --check` says whether crafted.txt is what it makes.
"""
import hashlib
import math
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


class Stream:
    """Numbers that follow from a name."""

    def __init__(self, name):
        self.name = name
        self.turn = 0

    def octets(self, n):
        self.turn += 1
        return hashlib.shake_256(f'{self.name} {self.turn}'.encode()).digest(n)

    def below(self, n):
        return int.from_bytes(self.octets((n.bit_length() + 7) // 8 + 8), 'big') % n

    def scalar(self, n):
        return 1 + self.below(n - 1)


class Lines:
    def __init__(self):
        self.lines = []

    def add(self, algorithm, key, message, signature, right, what):
        result = right if isinstance(right, str) else 'valid' if right else 'invalid'
        self.lines.append('\t'.join([str(algorithm), key.hex(), message.hex(), signature.hex(),
                                     result, what]))


# ---- ECDSA ----

class Curve:
    """y^2 = x^3 - 3 x + b over p; FIPS 186-5 6.4.2."""

    def __init__(self, algorithm, name, p, b, n, gx, gy, digest):
        self.algorithm, self.name, self.digest = algorithm, name, digest
        self.p, self.b, self.n, self.g = p, b, n, (gx, gy)
        self.len = (p.bit_length() + 7) // 8

    def add(self, a, b):
        if a is None or b is None:
            return b if a is None else a
        if a[0] == b[0]:
            if (a[1] + b[1]) % self.p == 0:
                return None
            m = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, self.p)
        else:
            m = (b[1] - a[1]) * pow(b[0] - a[0], -1, self.p)
        x = (m * m - a[0] - b[0]) % self.p
        return x, (m * (a[0] - x) - a[1]) % self.p

    def twice(self, a):
        """Jacobian: x = X / Z^2, y = Y / Z^3."""
        x, y, z = a
        p = self.p
        square = y * y % p
        s = 4 * x * square % p
        m = 3 * (x - z * z) * (x + z * z) % p
        x = (m * m - 2 * s) % p
        return x, (m * (s - x) - 8 * square * square) % p, 2 * y * z % p

    def plus(self, a, b):
        """Jacobian and affine."""
        x, y, z = a
        p = self.p
        if z == 0:
            return b[0], b[1], 1
        zz = z * z % p
        h, r = (b[0] * zz - x) % p, (b[1] * zz * z - y) % p
        if h == 0:
            return self.twice(a) if r == 0 else (1, 1, 0)
        hh = h * h % p
        v = x * hh % p
        x = (r * r - h * hh - 2 * v) % p
        return x, (r * (v - x) - y * h * hh) % p, z * h % p

    def mul(self, k, a):
        k %= self.n
        x, y, z = 1, 1, 0
        for bit in bin(k)[2:]:
            x, y, z = self.twice((x, y, z))
            if bit == '1':
                x, y, z = self.plus((x, y, z), a)
        if z == 0:
            return None
        w = pow(z, -1, self.p)
        return x * w * w % self.p, y * w * w * w % self.p

    def lift(self, x):
        """A point with that x, or None."""
        c = (x * x * x - 3 * x + self.b) % self.p
        y = pow(c, (self.p + 1) // 4, self.p)
        return (x, y) if y * y % self.p == c else None

    def hash(self, message):
        return int.from_bytes(self.digest(message).digest(), 'big')

    def octets(self, *numbers):
        return b''.join(x.to_bytes(self.len, 'big') for x in numbers)

    def verify(self, key, message, r, s):
        if not (0 < r < self.n and 0 < s < self.n) or not self.has(key):
            return False
        w = pow(s, -1, self.n)
        e = self.hash(message)
        point = self.add(self.mul(e * w, self.g), self.mul(r * w, key))
        return point is not None and point[0] % self.n == r

    def has(self, point):
        x, y = point
        return x < self.p and y < self.p and (y * y - x * x * x + 3 * x - self.b) % self.p == 0


P256 = Curve(
    13, 'P-256', 2**256 - 2**224 + 2**192 + 2**96 - 1,
    0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b,
    0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
    0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
    0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5, hashlib.sha256)
P384 = Curve(
    14, 'P-384', 2**384 - 2**128 - 2**96 + 2**32 - 1,
    0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef,
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973,
    0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7,
    0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f,
    hashlib.sha384)


class Ecdsa:
    def __init__(self, out, curve):
        self.out, self.c = out, curve
        self.stream = Stream(curve.name)
        self.turn = 0

    def message(self):
        self.turn += 1
        return f'wirevet {self.c.name} {self.turn}'.encode()

    def add(self, key, message, r, s, what, signature=None, octets=None):
        c = self.c
        right = c.verify(key, message, r, s) if signature is None else False
        if octets is None:
            octets = c.octets(*key)
        self.out.add(c.algorithm, octets, message, signature if signature is not None
                     else c.octets(r, s), right, f'{c.name}: {what}')
        return right

    def sign(self, d, message, t=None):
        c = self.c
        t = t or self.stream.scalar(c.n)
        r = c.mul(t, c.g)[0] % c.n
        return r, pow(t, -1, c.n) * (c.hash(message) + r * d) % c.n

    def signed(self, d, what, t=None):
        message = self.message()
        right = self.add(self.c.mul(d, self.c.g), message, *self.sign(d, message, t), what)
        assert right, what

    def scalars(self, what, u1=None, u2=None):
        """A right signature whose check has one scalar as given."""
        c, message = self.c, self.message()
        t = self.stream.scalar(c.n)
        r = c.mul(t, c.g)[0] % c.n
        e = c.hash(message)
        s = e * pow(u1, -1, c.n) % c.n if u1 else r * pow(u2, -1, c.n) % c.n
        w = pow(s, -1, c.n)
        d = (t - e * w) * pow(r * w, -1, c.n) % c.n
        assert self.add(c.mul(d, c.g), message, r, s, what)

    def ranges(self):
        c, message = self.c, self.message()
        d = self.stream.scalar(c.n)
        key = c.mul(d, c.g)
        r, s = self.sign(d, message)
        ends = {'0': 0, '1': 1, 'n - 1': c.n - 1, 'n': c.n, 'n + 1': c.n + 1, 'p': c.p,
                '2^bits - 1': 2**(8 * c.len) - 1}
        for name, end in ends.items():
            self.add(key, message, end, s, f'r = {name}')
            self.add(key, message, r, end, f's = {name}')
            self.add(key, message, end, end, f'r = s = {name}')
        self.add(key, message, r, c.n - s, 's = n - s')
        self.add(key, message, c.n - r, s, 'r = n - r')
        self.add(key, message, s, r, 'r and s exchanged')
        if r + c.n < 2**(8 * c.len):
            self.add(key, message, r + c.n, s, 'r + n')
        if s + c.n < 2**(8 * c.len):
            self.add(key, message, r, s + c.n, 's + n')
        self.add(key, message + b'.', r, s, 'another message')
        self.add((key[0], c.p - key[1]), message, r, s, 'the key negated')
        full = c.octets(r, s)
        for what, octets in (('empty', b''), ('an octet short', full[:-1]),
                             ('without its first octet', full[1:]), ('an octet long', full + b'\0'),
                             ('a zero octet before it', b'\0' + full),
                             ('zero octets before r and s', b'\0' + full[:c.len] + b'\0'
                              + full[c.len:])):
            self.add(key, message, r, s, 'signature ' + what, signature=octets)

    def above(self):
        """x of the sum in [n, p), and tiny ones, of which r + n is below p, too."""
        c = self.c
        for start, wanted, what in ((c.n, 3, 'x of the sum is r + n'), (1, 3, 'x of the sum is r, '
                                                                     'r + n below p'),
                                    (c.p - c.n - 1, 1, 'x of the sum is r, r + n = p - 1 at most'),
                                    (c.p - c.n, 1, 'x of the sum is r, r + n = p at least')):
            x = start
            down = start == c.p - c.n - 1
            while wanted > 0:
                point = c.lift(x % c.p)
                if point is not None and x % c.n != 0:
                    self.above_one(point, what)
                    wanted -= 1
                x += -1 if down else 1

    def above_one(self, point, what):
        c, message = self.c, self.message()
        s, r = self.stream.scalar(c.n), point[0] % c.n
        w = pow(s, -1, c.n)
        minus = c.mul(c.n - c.hash(message) * w % c.n, c.g)
        key = c.mul(pow(r * w, -1, c.n), c.add(point, minus))
        assert self.add(key, message, r, s, what)
        if r + c.n < c.p and point[0] == r:
            # Another sum, whose x is not r but would be after one n too many or too few.
            self.add(key, message, r + c.n, s, what + '; r + n is out of range')
        if point[0] >= c.n:
            self.add(key, message, point[0], s, what + '; r = x is out of range')

    def wrapped(self):
        """x of the sum is r + n - p: r + n must not be compared modulo p."""
        c = self.c
        x = 1
        while True:
            point = c.lift(x)
            r = x + c.p - c.n
            if point is not None and 0 < r < c.n:
                break
            x += 1
        message = self.message()
        s = self.stream.scalar(c.n)
        w = pow(s, -1, c.n)
        minus = c.mul(c.n - c.hash(message) * w % c.n, c.g)
        key = c.mul(pow(r * w, -1, c.n), c.add(point, minus))
        assert not self.add(key, message, r, s, 'x of the sum is r + n - p')

    def equal(self):
        """Equal and opposite points where the two products meet."""
        c = self.c
        for i in range(3):
            message = self.message()
            e = c.hash(message)
            t = self.stream.scalar(c.n)
            r = c.mul(t, c.g)[0] % c.n
            half = t * pow(2, -1, c.n) % c.n
            s = e * pow(half, -1, c.n) % c.n
            d = half * s * pow(r, -1, c.n) % c.n
            assert self.add(c.mul(d, c.g), message, r, s, f'u1 G = u2 Q, {i}')
            message = self.message()
            r, s = self.stream.scalar(c.n), self.stream.scalar(c.n)
            d = -c.hash(message) * pow(r, -1, c.n) % c.n
            assert not self.add(c.mul(d, c.g), message, r, s, f'u1 G = -u2 Q, {i}')

    def multiples(self):
        """Keys that are small multiples of G: tables of both have points in common."""
        c = self.c
        for k in list(range(1, 17)) + [31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 512, 1023,
                                       1024, 2**20, 2**26, 2**52, 2**64, 2**104]:
            for sign in (1, -1):
                d = sign * k % c.n
                self.signed(d, f'Q = {sign * k} G')
                if k <= 4:
                    self.signed(d, f'Q = {sign * k} G, again')
        for t in (1, 2, 3, c.n - 1, c.n - 2):
            name = t if t < 9 else f'n - {c.n - t}'
            self.signed(self.stream.scalar(c.n), f'nonce {name}', t)
            self.signed(1, f'Q = G, nonce {name}', t)
            self.signed(2, f'Q = 2 G, nonce {name}', t)
            self.signed(c.n - 1, f'Q = -G, nonce {name}', t)
        self.signed((c.n + 1) // 2, 'Q = G / 2')
        self.signed((c.n - 1) // 2, 'Q = -G / 2')

    def special(self):
        c = self.c
        bits = c.n.bit_length()
        values = {'1': 1, '2': 2, '3': 3, 'n - 1': c.n - 1, 'n - 2': c.n - 2,
                  '(n + 1) / 2': (c.n + 1) // 2, '2^(bits - 1)': 2**(bits - 1),
                  '2^(bits - 1) - 1': 2**(bits - 1) - 1,
                  '0x5555': int('5' * (bits // 4), 16), '0xaaaa': int('a' * (bits // 4), 16) % c.n,
                  '2^52': 2**52, '2^104 - 1': 2**104 - 1, '2^128': 2**128}
        for w in range(4, 13):
            ones = sum(1 << (w * i + w - 1) for i in range((bits - 1) // w))
            values[f'2^{w - 1} in each digit of {w} bits'] = ones % c.n
            values[f'2^{w} - 1 in the low digits of {w} bits'] = 2**(bits // w // 2 * w) - 1
        for name, value in values.items():
            self.scalars(f'u1 = {name}', u1=value)
            self.scalars(f'u2 = {name}', u2=value)

    def keys(self):
        c, message = self.c, self.message()
        d = self.stream.scalar(c.n)
        x, y = key = c.mul(d, c.g)
        r, s = self.sign(d, message)
        full = c.octets(*key)
        zero = c.lift(0)
        top = 2**(8 * c.len)
        for what, octets in (('empty', b''), ('an octet short', full[:-1]),
                             ('an octet long', full + b'\0'), ('behind an octet 04', b'\4' + full),
                             ('compressed', bytes([2 + y % 2]) + c.octets(x)),
                             ('y + 1', c.octets(x, y + 1)), ('x + 1', c.octets(x + 1, y)),
                             ('x and y exchanged', c.octets(y, x)), ('all zero', bytes(2 * c.len)),
                             ('all ones', b'\xff' * (2 * c.len)), ('x = p', c.octets(c.p, y)),
                             ('y = p', c.octets(x, c.p)), ('y = p - y, x wrong',
                                                           c.octets(x ^ 1, c.p - y)),
                             ('y zero', c.octets(x, 0)), ('x zero, y one', c.octets(0, 1))):
            self.add(key, message, r, s, 'key ' + what, signature=c.octets(r, s), octets=octets)
        # Coordinates that are above p, of points that are there below it.
        k = 0
        while c.p + k < top and k < 10000:
            point = c.lift(k)
            if point is not None:
                self.add(point, message, r, s, f'key with x = p + {k}', signature=c.octets(r, s),
                         octets=c.octets(k + c.p, point[1]))
                break
            k += 1
        if zero is not None:
            self.above_key(zero, 'key with x = 0')
            self.above_key((0, c.p - zero[1]), 'key with x = 0, the other')
        k = c.p - 1
        while c.lift(k) is None:
            k -= 1
        self.above_key(c.lift(k), 'key with x = p less a little')

    def above_key(self, key, what):
        """A right signature by a key whose secret nobody knows."""
        c = self.c
        a, b = self.stream.scalar(c.n), self.stream.scalar(c.n)
        message = self.message()
        r, s = self.stream.scalar(c.n), self.stream.scalar(c.n)
        assert c.has(key)
        self.add(key, message, r, s, what)
        point = c.add(c.mul(a, c.g), c.mul(b, key))
        self.add(key, message, point[0] % c.n, point[0] * pow(b, -1, c.n) % c.n,
                 what + ', right for another digest')

    def make(self):
        for i in range(4):
            self.signed(self.stream.scalar(self.c.n), f'a signature, {i}')
        self.ranges()
        self.above()
        self.wrapped()
        self.equal()
        self.multiples()
        self.special()
        self.keys()


# ---- EdDSA ----

class Edwards:
    """RFC 8032; a x^2 + y^2 = 1 + d x^2 y^2. Checked as OpenSSL does it: S below L; of Ed25519 R is
    compared as octets, without the cofactor; of Ed448 R is decoded and compared by an isogeny that
    takes points of small order to none, and neither R nor key may have x = 0."""

    def __init__(self, algorithm, name, p, a, d, order, cofactor, length, by, bx, strict):
        self.algorithm, self.name, self.p, self.a, self.d = algorithm, name, p, a, d % p
        self.order, self.cofactor, self.len, self.strict = order, cofactor, length, strict
        self.base = (bx, by)
        self.identity = (0, 1)
        assert self.has(self.base)

    def has(self, point):
        x, y = point
        return (self.a * x * x + y * y - 1 - self.d * x * x * y * y) % self.p == 0

    def add(self, a, b):
        (x1, y1), (x2, y2) = a, b
        k = self.d * x1 * x2 * y1 * y2
        return ((x1 * y2 + x2 * y1) * pow(1 + k, -1, self.p) % self.p,
                (y1 * y2 - self.a * x1 * x2) * pow(1 - k, -1, self.p) % self.p)

    def plus(self, a, b):
        """Projective: x = X / Z, y = Y / Z; complete."""
        (x1, y1, z1), (x2, y2, z2) = a, b
        p = self.p
        z = z1 * z2 % p
        xx, yy = x1 * x2 % p, y1 * y2 % p
        e = self.d * xx * yy % p
        f, g = (z * z - e) % p, (z * z + e) % p
        return (z * f * (x1 * y2 + x2 * y1) % p, z * g * (yy - self.a * xx) % p, f * g % p)

    def mul(self, k, a):
        out, a = (0, 1, 1), (a[0], a[1], 1)
        for bit in bin(k)[2:]:
            out = self.plus(out, out)
            if bit == '1':
                out = self.plus(out, a)
        w = pow(out[2], -1, self.p)
        return out[0] * w % self.p, out[1] * w % self.p

    def negate(self, a):
        return -a[0] % self.p, a[1]

    def encode(self, point):
        octets = bytearray(point[1].to_bytes(self.len, 'little'))
        octets[-1] |= (point[0] & 1) << 7
        return bytes(octets)

    def root(self, c):
        if self.p % 4 == 3:
            x = pow(c, (self.p + 1) // 4, self.p)
        else:
            x = pow(c, (self.p + 3) // 8, self.p)
            if (x * x - c) % self.p:
                x = x * pow(2, (self.p - 1) // 4, self.p) % self.p
        return x if (x * x - c) % self.p == 0 else None

    def decode(self, octets):
        """As OpenSSL: Ed25519 takes y >= p and a sign on x = 0, Ed448 neither y >= p."""
        value = int.from_bytes(octets, 'little')
        sign, y = value >> (8 * self.len - 1), value & (1 << (8 * self.len - 1)) - 1
        if self.strict and y >= self.p:
            return None
        y %= self.p
        x = self.root((y * y - 1) * pow(self.d * y * y - self.a, -1, self.p) % self.p)
        if x is None:
            return None
        return (x if x & 1 == sign else -x % self.p), y

    def hash(self, r, key, message):
        if self.len == 32:
            octets = hashlib.sha512(r + key + message).digest()
        else:
            octets = hashlib.shake_256(b'SigEd448\0\0' + r + key + message).digest(114)
        return int.from_bytes(octets, 'little') % self.order

    def verify(self, key, message, signature):
        if len(signature) != 2 * self.len or len(key) != self.len:
            return False
        a = self.decode(key)
        r, s = signature[:self.len], int.from_bytes(signature[self.len:], 'little')
        if a is None or s >= self.order:
            return False
        h = self.hash(r, key, message)
        point = self.add(self.mul(s, self.base), self.mul(h, self.negate(a)))
        if not self.strict:
            return self.encode(point) == r
        other = self.decode(r)
        return (other is not None and other[0] != 0 and a[0] != 0
                and self.mul(4, point) == self.mul(4, other))


P25519 = 2**255 - 19
P448 = 2**448 - 2**224 - 1
ED25519 = Edwards(
    15, 'Ed25519', P25519, -1, -121665 * pow(121666, -1, P25519),
    2**252 + 27742317777372353535851937790883648493, 8, 32,
    46316835694926478169428394003475163141307993866256225615783033603165251855960,
    15112221349535400772501151409588531511454012693041857206046113283949847762202, False)
ED448 = Edwards(
    16, 'Ed448', P448, 1, -39081,
    2**446 - 13818066809895115352007386748515426880336692474882178609894547503885, 4, 57,
    298819210078481492676017930443930673437544040154080242095928241372331506189835876003536878655418784733982303233503462500531545062832660,
    224580040295924300187604334099896036246789641632564134246125461686950415467406032909029192869357953282578032075146446173674602635247710, True)


class Eddsa:
    def __init__(self, out, curve):
        self.out, self.c = out, curve
        self.stream = Stream(curve.name)
        self.turn = 0

    def add(self, key, message, signature, what):
        right = self.c.verify(key, message, signature)
        self.out.add(self.c.algorithm, key, message, signature, right, f'{self.c.name}: {what}')
        return right

    def message(self, n=24):
        return self.stream.octets(n) if n > 0 else b''

    def signature(self, r_octets, s):
        return r_octets + s.to_bytes(self.c.len, 'little')

    def sign(self, a, message, extra=None, key=None):
        """With R = r B + extra; as if A were a B."""
        c = self.c
        r = self.stream.scalar(c.order)
        point = c.mul(r, c.base)
        if extra is not None:
            point = c.add(point, extra)
        key = key or c.encode(c.mul(a, c.base))
        octets = c.encode(point)
        return octets, (r + c.hash(octets, key, message) * a) % c.order

    def lengths(self):
        c = self.c
        a = self.stream.scalar(c.order)
        key = c.encode(c.mul(a, c.base))
        for n in (0, 1, 11, 12, 13, 21, 22, 23, 46, 47, 48, 49, 63, 64, 65, 111, 112, 127, 128, 148,
                  149, 175, 176, 177, 284, 285, 600):
            message = self.message(n)
            assert self.add(key, message, self.signature(*self.sign(a, message)),
                            f'{n} octets of message')

    def ranges(self):
        c = self.c
        a = self.stream.scalar(c.order)
        key, message = c.encode(c.mul(a, c.base)), self.message()
        r, s = self.sign(a, message)
        top = 2**(8 * c.len)
        for what, value in (('0', 0), ('1', 1), ('L - 1', c.order - 1), ('L', c.order),
                            ('L + 1', c.order + 1), ('S + L', s + c.order),
                            ('S + 2 L', s + 2 * c.order), ('S + 4 L', s + 4 * c.order),
                            ('S + 8 L', s + 8 * c.order), ('L - S', c.order - s),
                            ('2^252', 2**252), ('2^253 - 1', 2**253 - 1), ('2^255 + S', 2**255 + s),
                            ('2^445', 2**445), ('2^446', 2**446), ('2^448 + S', 2**448 + s),
                            ('the highest bit set', top // 2 + s), ('all ones', top - 1)):
            if value < top:
                self.add(key, message, self.signature(r, value), 'S = ' + what)
        full = self.signature(r, s)
        for what, octets in (('empty', b''), ('an octet short', full[:-1]),
                             ('without its first octet', full[1:]), ('an octet long', full + b'\0'),
                             ('of R alone', r), ('R and S exchanged', full[c.len:] + r)):
            self.add(key, message, octets, 'signature ' + what)
        flip = bytearray(r)
        flip[-1] ^= 0x80
        self.add(key, message, self.signature(bytes(flip), s), 'the sign of R turned')
        flip = bytearray(key)
        flip[-1] ^= 0x80
        self.add(bytes(flip), message, full, 'the sign of the key turned')
        for what, octets in (('zero', bytes(c.len)), ('all ones', b'\xff' * c.len),
                             ('the identity', c.encode(c.identity)), ('the base', c.encode(c.base))):
            self.add(key, message, self.signature(octets, s), 'R = ' + what)
            self.add(octets, message, full, 'key = ' + what)
        for what, octets in (('empty', b''), ('an octet short', key[:-1]),
                             ('an octet long', key + b'\0')):
            self.add(octets, message, full, 'key ' + what)
        y = 2
        for i in range(3):
            while c.decode(y.to_bytes(c.len, 'little')) is not None:
                y += 1
            self.add(y.to_bytes(c.len, 'little'), message, full, f'key is no point, {i}')
            y += 1

    def small(self):
        """Points whose order divides the cofactor."""
        c = self.c
        points = []
        y = 2
        while len(points) < c.cofactor:
            point = c.decode(y.to_bytes(c.len, 'little'))
            y += 1
            if point is None:
                continue
            base = c.mul(c.order, point)
            for k in range(c.cofactor):
                found = c.mul(k, base)
                if found not in points:
                    points.append(found)
        return points

    def encodings(self, point):
        """All that decode to a point as OpenSSL sees it, the canonical one first."""
        c = self.c
        found = [c.encode(point)]
        for y in (point[1], point[1] + c.p):
            for sign in (0, 1):
                value = y + (sign << (8 * c.len - 1))
                if y >= 1 << (8 * c.len - 1) or value >= 1 << (8 * c.len):
                    continue
                octets = value.to_bytes(c.len, 'little')
                if octets not in found and (c.decode(octets) == point or c.strict):
                    found.append(octets)
        return found

    def orders(self):
        c = self.c
        points = self.small()
        for i, point in enumerate(points):
            for k, key in enumerate(self.encodings(point)):
                what = f'key of small order {i}' + (f', encoded otherwise {k}' if k else '')
                self.small_key(point, key, what)
        a = self.stream.scalar(c.order)
        for i, extra in enumerate(points[1:]):
            mixed = c.encode(c.add(c.mul(a, c.base), extra))
            wanted = {True, False}
            for _ in range(64):
                if not wanted:
                    break
                message = self.message()
                r, s = self.sign(a, message, key=mixed)
                right = c.verify(mixed, message, self.signature(r, s))
                if right in wanted:
                    wanted.remove(right)
                    self.add(mixed, message, self.signature(r, s), f'key of mixed order {i}')
            message = self.message()
            key = c.encode(c.mul(a, c.base))
            self.add(key, message, self.signature(*self.sign(a, message, extra)),
                     f'R of mixed order {i}')
            while True:
                message = self.message()
                r, s = self.sign(a, message, extra, key=mixed)
                if c.verify(mixed, message, self.signature(r, s)):
                    break
            self.add(mixed, message, self.signature(r, s), f'key and R of mixed order {i}')
            for k, octets in enumerate(self.encodings(extra)):
                self.add(key, self.message(), self.signature(octets, s),
                         f'R of small order {i}, encoding {k}')

    def small_key(self, point, key, what):
        c = self.c
        for s in (0, 1, c.order - 1, self.stream.scalar(c.order)):
            for k in range(c.cofactor):
                r = c.add(c.mul(s, c.base), c.mul(k, c.negate(point)))
                octets = c.encode(r)
                message = self.message()
                for _ in range(200):
                    if c.verify(key, message, self.signature(octets, s)):
                        break
                    message = self.message()
                name = s if s < 2 else 'L - 1' if s == c.order - 1 else 'any'
                self.add(key, message, self.signature(octets, s), f'{what}, S = {name}')
                if c.cofactor * point[0] == 0 or k >= 1:
                    break
        # R as it may not be written, with what else is right.
        for octets in self.encodings(c.negate(point))[1:]:
            self.add(key, self.message(), self.signature(octets, 0), f'{what}, R encoded otherwise')

    def high(self):
        """y >= p that are points."""
        c = self.c
        message = self.message()
        a = self.stream.scalar(c.order)
        full = self.signature(*self.sign(a, message))
        for k in range(0, 19):
            for sign in (0, 1):
                octets = (c.p + k + (sign << (8 * c.len - 1))).to_bytes(c.len, 'little')
                if c.len == 57 and k > 4:
                    continue
                self.add(octets, message, full, f'key with y = p + {k}, sign {sign}')
                self.add(c.encode(c.mul(a, c.base)), message,
                         self.signature(octets, 1), f'R with y = p + {k}, sign {sign}')
        for octets in (1 + (1 << (8 * c.len - 1)), c.p - 1 + (1 << (8 * c.len - 1))):
            key = octets.to_bytes(c.len, 'little')
            self.add(key, message, full, 'key with x = 0 and its sign set')
            self.add(c.encode(c.mul(a, c.base)), message, self.signature(key, 0),
                     'R with x = 0 and its sign set')

    def multiples(self):
        c = self.c
        for k in (1, 2, 3, 4, 7, 8, 15, 16, 17, 255, 256, 2**52, c.order - 1, c.order - 2):
            name = k if k < 10**18 else f'L - {c.order - k}'
            message = self.message()
            key = c.encode(c.mul(k, c.base))
            assert self.add(key, message, self.signature(*self.sign(k, message)), f'A = {name} B')
        # R = SB - hA is the identity: S = h a.
        a = self.stream.scalar(c.order)
        key, message, r = c.encode(c.mul(a, c.base)), self.message(), c.encode(c.identity)
        s = c.hash(r, key, message) * a % c.order
        self.add(key, message, self.signature(r, s), 'R is the identity')

    def make(self):
        self.lengths()
        self.ranges()
        self.orders()
        self.high()
        self.multiples()


# ---- RSA ----

INFO = {
    5: (hashlib.sha1, bytes.fromhex('3021300906052b0e03021a05000414')),
    7: (hashlib.sha1, bytes.fromhex('3021300906052b0e03021a05000414')),
    8: (hashlib.sha256, bytes.fromhex('3031300d060960864801650304020105000420')),
    10: (hashlib.sha512, bytes.fromhex('3051300d060960864801650304020305000440')),
}
SMALL = [n for n in range(3, 2000, 2) if all(n % k for k in range(3, int(n**.5) + 1, 2))]


class Key:
    def __init__(self, e, primes):
        self.e, self.n, self.d = e, 1, []
        for p in primes:
            self.n *= p
        phi = 1
        for p in primes:
            phi *= p - 1
        self.d = pow(e, -1, phi)
        self.len = (self.n.bit_length() + 7) // 8

    def octets(self, e=None, n=None, zeros=0):
        e = self.e if e is None else e
        exponent = e.to_bytes(max(1, (e.bit_length() + 7) // 8), 'big')
        n = self.n if n is None else n
        return (bytes([len(exponent)]) + exponent + bytes(zeros)
                + n.to_bytes(max(1, (n.bit_length() + 7) // 8), 'big'))

    def power(self, block):
        return pow(int.from_bytes(block, 'big'), self.d, self.n).to_bytes(self.len, 'big')


class Rsa:
    def __init__(self, out):
        self.out = out
        self.stream = Stream('RSA')
        self.turn = 0

    def prime(self, bits, e, low=None):
        """With its two highest bits set; `low`: (value, bits) of its end."""
        n = self.stream.below(2**bits) | 3 << bits - 2 | 1
        step = 2
        if low is not None:
            n = n >> low[1] << low[1] | low[0]
            step = 1 << low[1]
        return self.next(n, step, e)

    @staticmethod
    def next(n, step, e):
        while any(n % k == 0 for k in SMALL) or pow(2, n - 1, n) != 1 or math.gcd(
                n - 1, e) != 1:
            n += step
        return n

    def key(self, bits, e):
        half = bits // 2
        while True:
            key = Key(e, [self.prime(half, e), self.prime(bits - half, e)])
            if key.n.bit_length() == bits:
                return key

    def shaped(self, bits, e, shape):
        """A modulus with many equal bits: near a power of two, or with ends that kernels divide by."""
        half = bits // 2
        p = self.prime(half, e)
        if shape == 'just below 2^bits':
            q = self.next((2**bits // p - 2**24) | 1, 2, e)
            while p * q >= 2**bits:
                q = self.next(q - 2**25 | 1, 2, e)
        elif shape == 'just above 2^(bits - 1)':
            q = self.next((2**(bits - 1) // p + 1) | 1, 2, e)
        else:
            end = {'= 1 mod 2^52': 1, '= -1 mod 2^52': -1, '= 1 mod 2^104': 1, '= -1 mod 2^104': -1}
            size = 104 if '104' in shape else 52
            q = self.prime(half, e, ((end[shape] * pow(p, -1, 2**size)) % 2**size, size))
        key = Key(e, [p, q])
        assert key.n.bit_length() == bits, shape
        return key

    def message(self):
        self.turn += 1
        return f'wirevet RSA {self.turn}'.encode()

    @staticmethod
    def block(algorithm, message, size):
        digest, info = INFO[algorithm]
        tail = info + digest(message).digest()
        return b'\0\1' + b'\xff' * (size - len(tail) - 3) + b'\0' + tail

    @staticmethod
    def verify(algorithm, e, n, message, signature):
        if n.bit_length() < 512 or n.bit_length() > 4096 or n % 2 == 0 or e % 2 == 0 or e < 3 or (
                e > 2**32 + 1) or len(signature) != (n.bit_length() + 7) // 8:
            return False
        s = int.from_bytes(signature, 'big')
        digest, info = INFO[algorithm]
        if s >= n or len(signature) < len(info) + digest().digest_size + 11:
            return False
        return pow(s, e, n).to_bytes(len(signature), 'big') == Rsa.block(algorithm, message,
                                                                        len(signature))

    def add(self, algorithm, key, message, signature, what, octets=None, e=None, n=None):
        right = self.verify(algorithm, key.e if e is None else e, key.n if n is None else n,
                            message, signature)
        if octets is None:
            octets = key.octets(e, n)
        self.out.add(algorithm, octets, message, signature, right, f'RSA {algorithm}: {what}')
        return right

    def sizes(self):
        for bits, e, algorithms in (
                (512, 3, (5, 8)), (512, 65537, (8,)), (752, 65537, (10,)), (936, 65537, (8,)),
                (988, 3, (8,)), (1000, 65537, (8,)), (1016, 65537, (8,)), (1017, 65537, (8,)),
                (1023, 65537, (8,)), (1024, 65537, (5, 7, 8, 10)), (1024, 3, (5, 8, 10)),
                (1024, 17, (8,)), (1025, 65537, (8,)), (1040, 65537, (8,)), (1041, 65537, (8,)),
                (1088, 65537, (8,)), (1279, 3, (8,)), (1280, 65537, (5, 8, 10)), (1281, 65537, (8,)),
                (1536, 65537, (8, 10)), (1536, 3, (8,)), (1537, 65537, (8,)), (1976, 65537, (8,)),
                (2040, 3, (8,)), (2047, 65537, (8,)), (2048, 65537, (5, 8, 10)), (2048, 3, (8,)),
                (2049, 65537, (8,)), (3072, 65537, (8, 10)), (3073, 65537, (8,)), (4095, 3, (8,)),
                (4096, 65537, (8, 10)), (4096, 3, (8,)), (1024, 2**32 + 1, (8,)),
                (1024, 2**32 - 1, (8,)), (2048, 2**31 + 11, (8,))):
            key = self.key(bits, e)
            for algorithm in algorithms:
                message = self.message()
                signature = key.power(self.block(algorithm, message, key.len))
                assert self.add(algorithm, key, message, signature, f'{bits} bits, exponent {e}')
                if algorithm == 8:
                    self.wrong(key, bits)

    def wrong(self, key, bits):
        message = self.message()
        block = bytearray(self.block(8, message, key.len))
        block[-1] ^= 1
        self.add(8, key, message, key.power(bytes(block)), f'{bits} bits, another digest')
        s = int.from_bytes(key.power(self.block(8, message, key.len)), 'big')
        if s + key.n < 2**(8 * key.len):
            self.add(8, key, message, (s + key.n).to_bytes(key.len, 'big'), f'{bits} bits, s + n')

    def shapes(self):
        for bits in (1024, 2048):
            for e in (3, 65537):
                for shape in ('just below 2^bits', 'just above 2^(bits - 1)', '= 1 mod 2^52',
                              '= -1 mod 2^52', '= 1 mod 2^104', '= -1 mod 2^104'):
                    key = self.shaped(bits, e, shape)
                    message = self.message()
                    signature = key.power(self.block(8, message, key.len))
                    assert self.add(8, key, message, signature,
                                    f'{bits} bits, exponent {e}, n {shape}')

    def signatures(self, key):
        message = self.message()
        right = key.power(self.block(8, message, key.len))
        s = int.from_bytes(right, 'big')
        for what, value in (('0', 0), ('1', 1), ('2', 2), ('n - 1', key.n - 1), ('n', key.n),
                            ('n + 1', key.n + 1), ('n - s', key.n - s),
                            ('2^bits - 1', 2**(8 * key.len) - 1),
                            ('2^(bits - 1)', 2**(8 * key.len - 1))):
            self.add(8, key, message, value.to_bytes(key.len, 'big'), f's = {what}')
        for what, octets in (('empty', b''), ('an octet short', right[:-1]),
                             ('without its first octet', right[1:]),
                             ('an octet long', right + b'\0'),
                             ('a zero octet before it', b'\0' + right)):
            self.add(8, key, message, octets, 'signature ' + what)
        self.add(10, key, message, right, 'signature of SHA-256')
        self.add(5, key, message, right, 'signature of SHA-256')
        # One that begins with a zero octet, and without it.
        while right[0] != 0:
            message = self.message()
            right = key.power(self.block(8, message, key.len))
        assert self.add(8, key, message, right, 'signature that begins with a zero octet')
        self.add(8, key, message, right[1:], 'the same without it')

    def paddings(self, key):
        digest, info = INFO[8]
        for what, make in (
                ('another first octet', lambda b, h: b'\1' + b[1:]),
                ('block type 0', lambda b, h: b'\0\0' + b[2:]),
                ('block type 2', lambda b, h: b'\0\2' + b[2:]),
                ('the first octet of the filler', lambda b, h: b[:2] + b'\xfe' + b[3:]),
                ('the last octet of the filler', lambda b, h: b.replace(b'\xff\0', b'\x7f\0', 1)),
                ('a zero octet within the filler', lambda b, h: b[:20] + b'\0' + b[21:]),
                ('no zero octet behind the filler',
                 lambda b, h: b[:-len(info) - 33] + b'\xff' + b[-len(info) - 32:]),
                ('no NULL parameters', lambda b, h: self.other(
                    b, bytes.fromhex('302f300b0609608648016503040201') + b'\4\x20' + h)),
                ('no DigestInfo', lambda b, h: self.other(b, h)),
                ('DigestInfo of SHA-512', lambda b, h: self.other(b, INFO[10][1] + h)),
                ('DigestInfo of SHA-1', lambda b, h: self.other(b, INFO[5][1] + h)),
                ('DigestInfo with a length in BER', lambda b, h: self.other(
                    b, bytes.fromhex('308131300d060960864801650304020105000420') + h)),
                ('garbage behind the digest', lambda b, h: self.other(b, info + h + b'garbage!')),
                ('garbage behind the digest, eight octets of filler',
                 lambda b, h: b'\0\1' + b'\xff' * 8 + b'\0' + info + h
                 + self.stream.octets(len(b) - 11 - len(info) - len(h))),
                ('seven octets of filler, digest at the end',
                 lambda b, h: b'\0\1' + b'\xff' * 7 + b'\0'
                 + self.stream.octets(len(b) - 10 - len(info) - len(h)) + info + h),
                ('no filler', lambda b, h: bytes(len(b) - len(info) - len(h)) + info + h),
                ('a digest of zeros', lambda b, h: b[:-32] + bytes(32)),
                ('a digest cut by an octet', lambda b, h: self.other(b, info + h[:-1])),
                ('all zero', lambda b, h: bytes(len(b))),
                ('an octet left of where it belongs', lambda b, h: b'\1' + b[2:] + b'\0')):
            message = self.message()
            block = self.block(8, message, key.len)
            block = make(block, digest(message).digest())
            assert len(block) == key.len, what
            if int.from_bytes(block, 'big') < key.n:
                self.add(8, key, message, key.power(block), 'padding: ' + what)
        # Each octet that must be, with one bit turned.
        message = self.message()
        block = self.block(8, message, key.len)
        for i in list(range(1, 4)) + list(range(key.len - 54, key.len)):
            other = bytearray(block)
            other[i] ^= 1 << i % 8
            self.add(8, key, message, key.power(bytes(other)), f'padding: octet {i}')

    @staticmethod
    def other(block, tail):
        return b'\0\1' + b'\xff' * (len(block) - len(tail) - 3) + b'\0' + tail

    def forgery(self):
        """Bleichenbacher's: with exponent 3 a cube root makes all but the end of the block."""
        key = self.key(3072, 3)
        message = self.message()
        digest, info = INFO[8]
        head = b'\0\1' + b'\xff' * 8 + b'\0' + info + digest(message).digest()
        target = int.from_bytes(head + b'\xff' * (key.len - len(head)), 'big')
        low, high = 0, 1 << key.n.bit_length()
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if middle**3 <= target else (low, middle - 1)
        assert (low**3).to_bytes(key.len, 'big').startswith(head)
        self.add(8, key, message, low.to_bytes(key.len, 'big'), 'cube root forgery')

    def keys(self, key):
        message = self.message()
        right = key.power(self.block(8, message, key.len))
        plain = key.octets()
        for what, octets in (('empty', b''), ('a length alone', b'\3'), ('an exponent alone', plain[:4]),
                             ('exponent longer than all', b'\xff' + plain[1:]),
                             ('long form cut', b'\0\0'), ('long form of nothing', b'\0\0\0'),
                             ('exponent of no octets', b'\0\0\0' + plain[4:])):
            self.out.add(8, octets, message, right, False, f'RSA 8: key {what}')
        long_form = b'\0\0\3' + plain[1:]
        assert self.add(8, key, message, right, 'key with its length in long form', octets=long_form)
        assert self.add(8, key, message, right, 'key with a zero before the modulus',
                        octets=key.octets(zeros=1))
        for e in (0, 1, 2, 4, 65536, 65539, 2**32 + 3, 2**40 + 1, 2**64 + 1):
            self.add(8, key, message, right, f'key with exponent {e}', e=e)
        for what, n in (('0', 0), ('1', 1), ('3', 3), ('even', key.n - 1),
                        ('odd, of 511 bits', key.n >> key.n.bit_length() - 511 | 1),
                        ('without its lowest limb', key.n >> 52 | 1),
                        ('without its lowest eight octets', key.n >> 64 | 1),
                        ('with its lowest bits turned', key.n ^ 6),
                        ('a power of two and one', 2**1023 + 1),
                        ('all ones', 2**1024 - 1), ('of 4097 bits', 2**4096 + 1)):
            self.add(8, key, message, right, f'key with modulus {what}', n=n)
            if n.bit_length() >= 512:
                size = (n.bit_length() + 7) // 8
                self.add(8, key, message, (n - 1).to_bytes(size, 'big'),
                         f'key with modulus {what}, s = n - 1', n=n)

    def make(self):
        self.sizes()
        self.shapes()
        key = self.key(1024, 65537)
        self.signatures(key)
        self.paddings(key)
        self.keys(key)
        self.paddings(self.key(1280, 3))
        self.forgery()


HEADER = """# Made by crafted.py in this folder: signatures at which a check may go wrong.
# Algorithm, key, message, signature, what it must be found to be, id; with tabs between them."""


def main():
    out = Lines()
    Ecdsa(out, P256).make()
    Ecdsa(out, P384).make()
    Eddsa(out, ED25519).make()
    Eddsa(out, ED448).make()
    Rsa(out).make()
    text = '\n'.join([HEADER] + out.lines) + '\n'
    path = os.path.join(HERE, 'crafted.txt')
    if sys.argv[1:] == ['--check']:
        with open(path, encoding='ascii') as file:
            return 0 if file.read() == text else 1
    with open(path, 'w', encoding='ascii') as file:
        file.write(text)
    return 0


if __name__ == '__main__':
    sys.exit(main())
