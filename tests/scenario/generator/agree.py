"""One tree, its cases, and who agrees with whom."""
import os
import random
import shutil
import tempfile
import time

from . import breakage, categories
from .oracle import Delv, Server, Unbound
from .questions import Asker, text
from .records import DNSKEY, DS
from .tree import Resolver, Tree
from .wirevet import Wirevet

CASES = 25  # of a tree
CLASSES = {'secure': 'secure', 'bogus': 'bogus', 'insecure': 'unproven',
           'indeterminate': 'unproven'}
AGREED, JUSTIFIED, UNCOMPARED, DIFFERENT = 'agreed', 'justified', 'not compared', 'different'


class Case:
    """A question to a tree and what came of it. Tree and case number give the same case again."""

    def __init__(self, tree, number):
        self.tree, self.number = tree, number
        rng = random.Random(f'case {tree.seed} {number}')
        asker = Asker(tree, rng)
        self.plain = Resolver(tree)
        while True:
            self.kind, self.qname, self.qtype = asker.ask()
            if self.plain.hops(self.qname, self.qtype) is not None:
                break
        self.breakage, self.changed, self.note = None, {}, ''
        if rng.random() < 0.5:
            breakage.apply(self, rng)
        self.resolver = Resolver(tree, self.changed)
        self.reply = None
        self.verdicts = {}  # of whom -> (verdict, words)
        self.outcome, self.category = None, None

    @property
    def label(self):
        return f'{self.tree.seed}/{self.number}'

    def chain_is_whole(self):
        return not any(rdtype in (DS, DNSKEY) for _, rdtype in self.changed)

    def zones(self):
        """The zones of all hops and those above them."""
        out = []
        for hop in self.plain.hops(self.qname, self.qtype):
            zone = self.tree.zone_of(hop.qname, hop.qtype)
            while zone is not None:
                out.append(zone)
                zone = zone.parent
        return out

    def classes(self):
        return {who: CLASSES.get(v) for who, (v, _) in self.verdicts.items()}

    def compare(self):
        """Set the outcome: what agrees by class agrees; else there is a category for it, or not."""
        judged = {who: c for who, c in self.classes().items() if c is not None}
        if 'wirevet' in judged and len(judged) > 1 and len(set(judged.values())) == 1:
            self.outcome = AGREED
        elif 'wirevet' in judged and len(judged) == 1:
            self.outcome = UNCOMPARED
        else:
            self.category = categories.find(self)
            self.outcome = JUSTIFIED if self.category else DIFFERENT

    def to_text(self):
        lines = [f'{self.outcome}: seed {self.tree.seed} case {self.number}: '
                 f'{text(self.qname, self.qtype)} ({self.kind})',
                 f'  breakage: {self.breakage or "none"} {self.note}']
        lines += [f'  {who:8} {v:13} {words[:300]}' for who, (v, words) in self.verdicts.items()]
        if self.category:
            lines.append(f'  category: {self.category}')
        return '\n'.join(lines)


class Rig:
    """All that is needed to ask: a server and three validators."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix='agreement.')
        self.server = Server().__enter__()
        self.unbound = Unbound(self.server.port).__enter__()
        self.delv = Delv(self.folder, self.server.port)
        self.wirevet = Wirevet(self.folder)
        return self

    def __exit__(self, *_):
        self.unbound.__exit__()
        self.server.__exit__()
        shutil.rmtree(self.folder)

    def ask_others(self, case):
        """What Unbound and delv say, and what they were told."""
        anchors = case.tree.anchors()
        self.server.play(case.resolver)
        case.reply = self.server.reply(case.qname, case.qtype)
        process = self.delv.start(anchors, case.qname, case.qtype)
        case.verdicts['unbound'] = self.unbound.ask(anchors, case.qname, case.qtype)
        case.verdicts['delv'] = self.delv.finish(process)
        if self.server.trouble:
            raise RuntimeError(f'{case.label}: {self.server.trouble}')
        case.chain = {k: r for k, r in self.server.exchanged.items() if k[1] in (DS, DNSKEY)}

    def ask_wirevet(self, case):
        """One capture for one case."""
        chain = [r for k, r in sorted(case.chain.items()) if k != (case.qname, case.qtype)]
        case.replies = chain + [case.reply]
        case.verdicts['wirevet'] = self.wirevet.ask(case.tree.anchors(), case.replies,
                                                    case.tree.now)[0]
        case.compare()

    def ask_wirevet_at_once(self, cases):
        """One capture for cases whose chain of trust is whole."""
        chain = {}
        for case in cases:
            chain.update(case.chain)
        replies = [r for _, r in sorted(chain.items())] + [case.reply for case in cases]
        tree = cases[0].tree
        verdicts = self.wirevet.ask(tree.anchors(), replies, tree.now, len(cases))
        for case, verdict in zip(cases, verdicts):
            case.verdicts['wirevet'] = verdict
            case.compare()

    def keep(self, case, folder):
        """All that is needed to look into a case, in a folder of its own."""
        path = os.path.join(folder, f'{case.tree.seed}-{case.number}')
        os.makedirs(path, exist_ok=True)
        for name in (self.wirevet.capture, self.wirevet.anchors, self.wirevet.config):
            shutil.copy(name, path)
        with open(os.path.join(path, 'case.txt'), 'w', encoding='utf-8') as file:
            file.write(case.to_text() + '\n\n' + ' '.join(self.wirevet.command(path)) + '\n\n')
            file.write('\n\n'.join(r.to_text() for r in reversed(case.replies)) + '\n')
        with open(os.path.join(path, 'zones.txt'), 'w', encoding='utf-8') as file:
            file.write('\n\n'.join(z.to_text() for z in case.tree.zones.values()) + '\n')


def run(rig, seed, only=None, keep=None):
    """The cases of one seed. What does not agree in a common capture has the last word in its own."""
    tree = Tree(seed, int(time.time()))
    cases = [Case(tree, n) for n in range(CASES) if only in (None, n)]
    for case in cases:
        rig.ask_others(case)
    whole = [case for case in cases if only is None and case.chain_is_whole()]
    if whole:
        rig.ask_wirevet_at_once(whole)
    for case in cases:
        if case.outcome not in (AGREED, UNCOMPARED):
            rig.ask_wirevet(case)
        if keep and (case.outcome == DIFFERENT or only is not None):
            rig.keep(case, keep)
    return cases


__all__ = ['AGREED', 'CASES', 'Case', 'DIFFERENT', 'JUSTIFIED', 'Rig', 'UNCOMPARED',
           'run']
