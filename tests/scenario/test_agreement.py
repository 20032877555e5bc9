"""wirevet-verdict agrees with Unbound and delv on trees, questions and breakages at random."""
import collections
import unittest

import dns.name

import agreement
from generator import agree, categories, wirevet

# A seed is a tree of 25 cases. With sanitizers it is the memory that is looked at, so less will do.
SEEDS = range(80, 84) if 'asan' in wirevet.TOOL else range(80)


class Agreement(unittest.TestCase):
    """One test a tree; all trees are asked before the first, two at a time."""

    @classmethod
    def setUpClass(cls):
        cls.cases = collections.defaultdict(list)
        for case in agreement.run(SEEDS, jobs=2):
            cls.cases[int(case.label.split('/')[0])].append(case)

    def test_few_cases_remain_that_could_not_be_compared(self):
        cases = [case for tree in self.cases.values() for case in tree]
        self.assertEqual(len(cases), agree.CASES * len(SEEDS))
        alone = [case for case in cases if case.outcome == agree.UNCOMPARED]
        self.assertLess(len(alone), len(cases) // 20)
        self.assertGreater(len([c for c in cases if c.outcome == agree.AGREED]),
                           len(cases) * 8 // 10)

    def test_about_half_of_the_cases_are_broken(self):
        cases = [case for tree in self.cases.values() for case in tree]
        broken = [case for case in cases if case.breakage]
        self.assertGreater(len(broken), len(cases) // 3)
        self.assertGreater(len({case.breakage for case in broken}), 20)


class Categories(unittest.TestCase):
    def test_they_are_few(self):
        self.assertLessEqual(len(categories.CATEGORIES), 20)

    def test_each_has_its_line_in_the_readme_and_each_line_is_one(self):
        self.assertEqual(sorted(categories.CATEGORIES), sorted(agreement.readme_categories()))


class Comparison(unittest.TestCase):
    """What does not agree is seen."""

    class Case(agree.Case):
        def __init__(self, **verdicts):
            self.verdicts = {who: (v, '') for who, v in verdicts.items()}
            self.qname, self.qtype = dns.name.root, 1
            self.breakage, self.note, self.changed, self.chain = None, '', {}, {}
            self.outcome = self.category = None

        def zones(self):
            return []

    def outcome(self, *verdicts):
        case = self.Case(**dict(zip(('unbound', 'delv', 'wirevet'), verdicts)))
        case.compare()
        return case.outcome

    def test_a_verdict_of_another_class_is_different(self):
        for verdicts in (('secure', 'secure', 'bogus'), ('bogus', 'bogus', 'secure'),
                         ('insecure', 'insecure', 'secure'), ('bogus', 'bogus', 'insecure'),
                         ('secure', 'bogus', 'secure'), ('secure', 'bogus', 'bogus'),
                         ('trouble', 'bogus', 'secure'), ('secure', 'trouble', 'indeterminate'),
                         ('secure', 'secure', 'failed')):
            with self.subTest(verdicts=verdicts):
                self.assertEqual(self.outcome(*verdicts), agree.DIFFERENT)

    def test_verdicts_of_one_class_agree(self):
        for verdicts in (('secure', 'secure', 'secure'), ('bogus', 'bogus', 'bogus'),
                         ('insecure', 'insecure', 'indeterminate'),
                         ('trouble', 'bogus', 'bogus')):
            with self.subTest(verdicts=verdicts):
                self.assertEqual(self.outcome(*verdicts), agree.AGREED)

    def test_nobody_to_compare_with_is_neither(self):
        self.assertEqual(self.outcome('trouble', 'trouble', 'secure'), agree.UNCOMPARED)


def tree_test(seed):
    def test(self):
        different = [c.text for c in self.cases[seed] if c.outcome == agree.DIFFERENT]
        self.assertEqual(len(self.cases[seed]), agree.CASES)
        self.assertEqual('\n'.join(different), '')
    return test


for number in SEEDS:
    setattr(Agreement, f'test_tree_{number:03d}', tree_test(number))

if __name__ == '__main__':
    unittest.main()
