"""What the Python adapters share: JSON lines in, JSON lines out, the time between.

A peer is a function from a text to whatever it finds; `spans` makes [start, end, TYPE, …] of
that, in code points, and is not timed.
"""
import json
import sys
import time

WARM_UP_SECONDS = 10


def run(find, spans):
    records = [json.loads(line) for line in sys.stdin if line.strip()]
    warm_up(find, records)
    begun = time.perf_counter()
    found = [find(record["text"]) for record in records]
    print("seconds", time.perf_counter() - begun, file=sys.stderr)
    for record, findings in zip(records, found):
        print(json.dumps({"id": record["id"], "spans": spans(record["text"], findings)}))


def warm_up(find, records):
    """Once over the texts, as long as that is short: what is built on first use is no work of theirs."""
    until = time.perf_counter() + WARM_UP_SECONDS
    for record in records:
        if time.perf_counter() > until:
            break
        find(record["text"])
