#!/usr/bin/python3
"""Compare wirevet-verdict with Unbound and delv on signed trees, questions and breakages at random.

agreement.py --seed FROM..TO [--case N] [--keep FOLDER] [--jobs N] [-v]

A seed is a tree; 25 cases belong to each. What differs without a category that justifies it is
printed; --keep leaves the capture, the anchors and the zones of it. Counts add up over runs.
Exit: 0 all agree or are justified, 1 something differs, 2 usage.
"""
import argparse
import collections
import multiprocessing
import os
import re
import sys

from generator import agree


README = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'README.md')


def readme_categories():
    """The names of the categories that the README justifies: the first words of its table."""
    with open(README, encoding='utf-8') as file:
        section = file.read().split('## Agreement')[1]
    return re.findall(r'^\| `([a-z0-9-]+)` \|', section, re.M)


def seeds(text):
    first, _, last = text.partition('..')
    return range(int(first), int(last or first) + 1)


class Summary:
    """Of one case, what can be handed from process to process."""

    def __init__(self, case):
        self.label, self.outcome, self.category = case.label, case.outcome, case.category
        self.text, self.breakage, self.kind = case.to_text(), case.breakage, case.kind
        self.verdicts = case.verdicts


def run_seed(work):
    seed, only, keep = work
    with agree.Rig() as rig:
        return [Summary(case) for case in agree.run(rig, seed, only, keep)]


def run(wanted, only=None, keep=None, jobs=1):
    """Summaries of all cases, as the seeds come to their end."""
    work = [(seed, only, keep) for seed in wanted]
    if jobs == 1:
        for one in work:
            yield from run_seed(one)
        return
    with multiprocessing.Pool(jobs) as pool:
        for summaries in pool.imap(run_seed, work):
            yield from summaries


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--seed', type=seeds, required=True, metavar='FROM..TO')
    parser.add_argument('--case', type=int)
    parser.add_argument('--keep', metavar='FOLDER')
    parser.add_argument('--jobs', type=int, default=1)
    parser.add_argument('-v', action='store_true', help='every case, not only what differs')
    options = parser.parse_args()

    outcomes, kinds = collections.Counter(), collections.Counter()
    for case in run(options.seed, options.case, options.keep, options.jobs):
        outcomes[case.outcome] += 1
        if case.category:
            kinds[case.category] += 1
        if options.v or case.outcome == agree.DIFFERENT:
            print(case.text, flush=True)
    for name, count in kinds.most_common():
        print(f'{count:6} justified: {name}')
    print(f'{outcomes[agree.AGREED]} agree, {outcomes[agree.JUSTIFIED]} are justified, '
          f'{outcomes[agree.UNCOMPARED]} could not be compared')
    failed = outcomes[agree.DIFFERENT]
    print(f'{outcomes.total() - failed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
