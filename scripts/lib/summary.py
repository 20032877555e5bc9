#!/usr/bin/python3
"""Print what a run of wirevet on captures came to, from what it wrote into a folder.

summary.py FOLDER    with stats.json, verdicts.jsonl and events.jsonl in it
"""
import json
import os
import sys


def read(folder, name):
    with open(os.path.join(folder, name), encoding='utf-8') as f:
        return f.read()


def lines(folder, name):
    return [json.loads(line) for line in read(folder, name).splitlines()]


def blocked(action):
    return action != 'pass'


def print_packets(stats):
    responses = sum(n for reasons in stats['responses'].values()
                    for actions in reasons.values() for n in actions.values())
    each = stats['run_us'] / responses if responses else 0
    busy = stats['busy_cycles'] * 1e6 / stats['tsc_hz'] / responses if responses else 0
    print('%d packets in, %d out, %d lost; %d DNS responses, %.0f us each (%.0f us busy)'
          % (stats['rx_packets'], stats['tx_packets'], stats['lost'], responses, each, busy))


def print_verdicts(stats):
    print('%-14s %10s %7s %8s' % ('verdict', 'responses', 'passed', 'blocked'))
    for verdict, reasons in stats['responses'].items():
        counts = [(blocked(action), n) for actions in reasons.values()
                  for action, n in actions.items()]
        stopped = sum(n for is_blocked, n in counts if is_blocked)
        total = sum(n for _, n in counts)
        print('%-14s %10d %7d %8d' % (verdict, total, total - stopped, stopped))


def print_blocked(verdicts, events):
    """Events stand in the order of the verdicts they belong to."""
    texts = iter([e['text'] for e in events])
    rows = []
    for v in verdicts:
        text = next(texts, '') if v['verdict'] == 'bogus' or blocked(v['action']) else ''
        if blocked(v['action']):
            rows.append(('', str(v['frame']), v['qname'] or '-', v['qtype'] or '-', v['reason'],
                         text))
    if not rows:
        return
    rows.sort(key=lambda r: int(r[1]))
    rows.insert(0, ('blocked', 'frame', 'name', 'type', 'reason', 'what it means'))
    wide = [max(len(r[i]) for r in rows) for i in range(5)]
    for r in rows:
        print('%-*s  %*s  %-*s  %-*s  %-*s  %s' % (
            wide[0], r[0], wide[1], r[1], wide[2], r[2], wide[3], r[3], wide[4], r[4], r[5]))


def main(args):
    if len(args) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    folder = args[0]
    try:
        stats = json.loads(read(folder, 'stats.json'))
        print_packets(stats)
        print_verdicts(stats)
        print_blocked(lines(folder, 'verdicts.jsonl'), lines(folder, 'events.jsonl'))
    except (OSError, ValueError, KeyError) as e:
        print('%s: want what wirevet wrote there, not %s: %s' % (folder, type(e).__name__, e),
              file=sys.stderr)
        return 1
    print('output: %s' % os.path.join(folder, 'inside.pcap'))
    return 1 if stats['lost'] else 0


sys.exit(main(sys.argv[1:]))
