"""Where validators differ and are right to; README.md has a line for each name."""
from .records import DS

CATEGORIES = {}


def category(function):
    """A predicate of a Case and what was said of it, by class."""
    CATEGORIES[function.__name__.replace('_', '-')] = function
    return function


class Said:
    """The classes of verdict in a case; None where a validator did not come so far as to judge."""

    def __init__(self, case):
        self.unbound, self.delv, self.wirevet = (case.classes()[w]
                                                 for w in ('unbound', 'delv', 'wirevet'))
        self.reason = case.verdicts['wirevet'][1]

    def without_unbound(self):
        """Whether delv and wirevet agree, or wirevet has the word alone."""
        return self.delv in (self.wirevet, None)

    def without_delv(self):
        return self.unbound in (self.wirevet, None)


def find(case):
    """The name of the category that a case falls into, or None."""
    said = Said(case)
    return next((name for name, holds in CATEGORIES.items() if holds(case, said)), None)


@category
def opt_out(case, said):
    return said.reason == 'opt-out' and said.without_delv() and said.delv == 'secure'


@category
def iterations_above_50(case, said):
    return said.reason == 'nsec3-iterations' and said.without_delv() and said.delv == 'secure'


@category
def iterations_above_150(case, said):
    many = any(z.nsec3 and z.nsec3[0] > 150 for z in case.zones()) \
        or case.breakage == 'nsec3-iterations'
    return many and said.wirevet == 'bogus' and 'unproven' in (said.unbound, said.delv)


@category
def ed448(case, said):
    return any(k.algorithm == 16 for z in case.zones() for k in z.keys) \
        and said.unbound == 'unproven' and said.without_unbound()


@category
def failing_signature_beside_a_good_one(case, said):
    return case.breakage == 'harmless-signature-beside' and said.delv == 'bogus' \
        and said.without_delv()


@category
def unsigned_junk(case, said):
    return case.breakage == 'junk-in-authority' and said.unbound == 'bogus' \
        and said.without_unbound()


@category
def ds_from_a_wildcard(case, said):
    return case.breakage == 'labels-less' and any(t == DS for _, t in case.changed) \
        and said.unbound in ('secure', 'unproven') and said.wirevet == 'bogus' \
        and said.without_unbound()
