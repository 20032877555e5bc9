"""Where validators differ and are right to; README.md has a line for each name."""
import dns.rdatatype

from .records import ANY, DNAME, DS, NSEC3, SOA

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
def ed448(case, said):
    return any(k.algorithm == 16 for z in case.zones() for k in z.keys) \
        and said.unbound in ('unproven', 'bogus') and said.without_unbound()


@category
def failing_signature_beside_a_good_one(case, said):
    return case.breakage == 'harmless-signature-beside' and said.wirevet != 'bogus' \
        and 'bogus' in (said.unbound, said.delv)


@category
def rcode_is_not_signed(case, said):
    denied = said.wirevet != 'bogus' \
        and case.breakage in ('proof-of-another-name', 'data-denied-for-no-name')
    return (denied or case.breakage in ('other-rcode', 'existing-name-denied')) \
        and said.wirevet in ('secure', 'unproven', said.unbound, said.delv)


@category
def insecure_zone(case, said):
    if case.breakage == 'type-in-bitmap' and ' NS ' in case.note and said.reason == 'unsigned':
        return True  # the record says that there is a delegation without DS
    return said.wirevet == 'unproven' and {said.unbound, said.delv} & {'unproven', None} \
        and case.verdicts['wirevet'][0] == 'insecure' \
        and said.reason in ('unsigned', 'unsupported-algorithm', 'unsupported-digest') \
        and (any(z.kind not in ('secure', 'several-ds') for z in case.zones())
             or (case.breakage == 'type-in-bitmap' and ' NS ' in case.note))


@category
def opt_out_span(case, said):
    """The DS of the name, or of one above it, is denied by opt-out, and that was not broken."""
    spans = [r for (name, rdtype), r in case.chain.items()
             if rdtype == DS and (name, rdtype) not in case.changed
             and case.qname.is_subdomain(name)]
    return case.breakage and said.reason == 'opt-out' \
        and any(rr.rdtype == NSEC3 and rr.rdata[1] & 1 for r in spans for rr in r.authority)


@category
def next_name_that_is_wrong(case, said):
    return case.breakage == 'other-next' and {said.unbound, said.delv} == {'secure', 'bogus'}


@category
def signed_by_the_parent(case, said):
    return case.breakage == 'signed-by-other-zone' and said.wirevet == 'bogus' \
        and 'secure' in (said.unbound, said.delv)


@category
def any_in_part(case, said):
    return case.qtype == ANY and said.delv == 'secure' and said.wirevet == 'bogus' == said.unbound


@category
def iterations(case, said):
    counts = [z.nsec3[0] for z in case.zones() if z.nsec3]
    dear = any(n > 50 for n in counts)
    if (any(n > 150 for n in counts) or case.breakage == 'nsec3-iterations') \
            and said.wirevet == 'bogus' and 'unproven' in (said.unbound, said.delv):
        return True
    if dear and said.unbound == 'unproven' and said.without_unbound():
        return True  # Unbound has given up a cut that rests on them
    return said.reason == 'nsec3-iterations' \
        and ((said.without_delv() and said.delv == 'secure')
             or (dear and case.breakage is not None))


@category
def not_needed(case, said):
    """Records that nobody asked for, and signatures whose records are gone."""
    return case.breakage in ('drop-one-record', 'junk-in-authority', 'junk-in-answer') \
        and said.wirevet in ('secure', 'unproven') \
        and (said.delv in (said.wirevet, None) or said.unbound == said.wirevet
             or said.reason in ('secure', 'opt-out'))


@category
def key_that_must_not_be_used(case, said):
    """No zone key, of another protocol than 3, or revoked."""
    return case.breakage == 'key-flags' and said.wirevet == 'bogus' \
        and ('protocol 2' in case.note or said.reason in ('key-revoked', 'no-zone-key'))


@category
def expansion(case, said):
    """What was expanded from a wildcard, or only says so."""
    if case.breakage is None or case.breakage.startswith('harmless'):  # an asterisk in front, from a wildcard further up
        return case.qname.labels[0] == b'*' and said.unbound == 'bogus' \
            and said.wirevet != 'bogus' and said.without_unbound()
    if case.breakage == 'expanded-nsec' or (case.breakage == 'flip-owner' and ' *.' in case.note):
        return said.wirevet == 'bogus'
    return case.breakage == 'labels-less' and said.unbound in ('secure', 'unproven') \
        and said.wirevet == 'bogus' and said.without_unbound()


@category
def nsec3_of_an_unknown_kind(case, said):
    return case.breakage == 'nsec3-number' and said.wirevet == 'bogus' == said.unbound


@category
def digest_of_another_length(case, said):
    return case.breakage == 'ds-of-another-key' and said.delv == 'bogus' and said.without_delv()


@category
def ds_of_the_root(case, said):
    """The question for it, or an alias that leads there."""
    asked = case.qtype == DS and any(r.rdtype == SOA and not r.name.labels[:-1]
                                     for r in case.reply.authority)
    return asked and said.delv == 'bogus' and said.wirevet == said.unbound == 'secure'


@category
def dname_below_a_dname(case, said):
    return case.qtype == DNAME and any(r.rdtype == DNAME for r in case.reply.answer)


@category
def bitmap(case, said):
    if case.breakage == 'type-in-bitmap' and ' CNAME ' in case.note \
            and said.delv == 'secure' and said.wirevet == 'bogus' == said.unbound:
        return True
    return case.breakage in ('type-not-in-bitmap', 'type-in-bitmap') and said.unbound == 'unproven' \
        and said.wirevet == 'bogus' and said.without_unbound()


@category
def soa(case, said):
    if case.breakage in ('flip-owner', 'denied-by-other-zone') and said.delv == 'secure' \
            and said.wirevet == 'bogus' == said.unbound:
        return True
    broken = any(rdtype == DS and not r.answer for (_, rdtype), r in case.changed.items())
    return broken and ' SOA' in case.note and said.wirevet in ('secure', 'unproven') \
        and 'bogus' in (said.unbound, said.delv)
