"""Runs the gate and its peers over annotated texts and writes one table a corpus.

Every system reads the same JSON lines and is scored by the same `portcullis score`. Its exit
status is 1 when a system did not finish.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TYPES = {"PERSON", "LOC", "DATE", "ID", "SSN", "PAN", "PHONE", "EMAIL", "URL", "IP", "IBAN", "BANK"}
# A peer that gives scores has a second row, without what it is less sure of.
LIKELY = 0.4
LIMIT_SECONDS = 1800
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
COLUMNS = ["micro F1", "fully masked", "character precision", "PERSON F1", "false spans on clean texts", "MB/s"]
LOWER_IS_BETTER = {"false spans on clean texts"}


def main():
    options = parse()
    parts, finished = [], True
    with tempfile.TemporaryDirectory() as work:
        for corpus in options.corpus:
            rows = compare(options, corpus, Path(work))
            finished = finished and all(figures for _, figures in rows)
            parts.append(section(corpus, rows))
            print(parts[-1], flush=True)
    options.results.write_text("\n".join([preface(options), *parts]))
    sys.exit(0 if finished else 1)


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portcullis", required=True)
    parser.add_argument("--peer", nargs="+", action="append", default=[], metavar=("NAME", "COMMAND"))
    parser.add_argument("--left-out", action="append", default=[], metavar="NAME")
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("corpus", nargs="+", type=Path)
    return parser.parse_args()


def compare(options, corpus, work):
    """A name and its figures for each system; None for one that did not finish."""
    rows = [("Portcullis", attempt("Portcullis", lambda: gate(options.portcullis, corpus, work)))]
    for name, *command in options.peer:
        found = attempt(name, lambda: peer(command, corpus))
        if found is None:
            rows.append((name, None))
            continue
        answers, speed = found
        rows.append((name, figures(options.portcullis, corpus, work, answers) | speed))
        if any(len(span) > 3 for answer in answers for span in answer["spans"]):
            likely = [answer | {"spans": [s for s in answer["spans"] if s[3] >= LIKELY]} for answer in answers]
            row = figures(options.portcullis, corpus, work, likely) | speed
            rows.append((f"{name}, score ≥ {LIKELY}", row))
    return rows


def attempt(name, work):
    try:
        return work()
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        said = (getattr(error, "stderr", None) or "")[-2000:]
        print(f"FAILED {name}: {error}\n{said}", file=sys.stderr)
        return None


def gate(program, corpus, work):
    """Of the corpus given twice, the second time is timed: its peers are warm, too."""
    found = run([program, "detect", "--types", "coarse"], corpus.read_text()).stdout
    answers = [json.loads(line) for line in found.splitlines()]
    timed = run([program, "score", "--json", str(corpus), str(corpus)]).stdout.splitlines()[-1]
    speed = {"MB/s": json.loads(timed)["megabytes_per_second"]}
    return figures(program, corpus, work, [{"id": a["id"], "spans": [s[:3] for s in a["spans"]]} for a in answers]) | speed


def peer(command, corpus):
    texts = corpus.read_text()
    done = run(command, texts)
    took = [line.split()[1] for line in done.stderr.splitlines() if line.startswith("seconds ")]
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    sizes = [len(json.loads(line)["text"].encode()) for line in texts.splitlines() if line.strip()]
    if len(answers) != len(sizes) or len(took) != 1:
        raise ValueError(f"{len(answers)} answers to {len(sizes)} texts")
    return answers, {"MB/s": sum(sizes) / 1e6 / float(took[0])}


def run(command, given=None):
    pinned = ["taskset", "-c", "0"] if shutil.which("taskset") else []
    return subprocess.run(
        pinned + command,
        input=given,
        capture_output=True,
        text=True,
        check=True,
        timeout=LIMIT_SECONDS,
        env=os.environ | ONE_THREAD,
    )


def figures(program, corpus, work, answers):
    """What `portcullis score` says of these answers; of a span that is there twice, one counts."""
    path = work / "answers.jsonl"
    with path.open("w") as out:
        for answer in answers:
            kept = sorted({tuple(span[:3]) for span in answer["spans"] if span[2] in TYPES})
            out.write(json.dumps(answer | {"spans": kept}) + "\n")
    score = json.loads(run([program, "score", "--json", "--baseline", str(path), str(corpus)]).stdout.splitlines()[-1])
    person = score["types"].get("PERSON")
    return {
        "micro F1": score["all"]["f1"] if score["all"]["gold"] else None,
        "fully masked": score["all"]["masked"] if score["all"]["gold"] else None,
        "character precision": score["character_precision"] if score["all"]["gold"] else None,
        "PERSON F1": person["f1"] if person else None,
        "false spans on clean texts": score["clean_spans"] if score["clean_texts"] else None,
    }


def section(corpus, rows):
    records = [json.loads(line) for line in corpus.read_text().splitlines() if line.strip()]
    spans = [span for record in records for span in record["spans"]]
    clean = sum(not record["spans"] for record in records)
    size = sum(len(record["text"].encode()) for record in records)
    best = {column: best_of(column, rows) for column in COLUMNS}
    lines = [
        f"## {corpus.parent.name}/{corpus.name}",
        "",
        f"{len(records)} texts, {size / 1000:.0f} kB, {len(spans)} spans; {clean} texts are clean.",
        "",
        f"| system | {' | '.join(COLUMNS)} |",
        "|---|" + "---:|" * len(COLUMNS),
    ]
    for name, row in rows:
        cells = [cell(column, row, best[column]) for column in COLUMNS]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += ["", losses(rows), ""]
    return "\n".join(lines)


def best_of(column, rows):
    values = [row[column] for _, row in rows if row and row[column] is not None]
    return (min if column in LOWER_IS_BETTER else max)(values, default=None)


def cell(column, row, best):
    if row is None:
        return "did not finish"
    if row[column] is None:
        return "–"
    shown = shown_as(column, row[column])
    return f"**{shown}**" if shown == shown_as(column, best) else shown


def shown_as(column, value):
    if column == "MB/s":
        return f"{value:.2g}" if value < 10 else f"{value:.0f}"
    return str(value) if column in LOWER_IS_BETTER else f"{value:.3f}"


def losses(rows):
    """Where the first system is not the best, and which is."""
    (_, own), *others = rows
    if own is None:
        return "Portcullis did not finish."
    behind = []
    for column in COLUMNS:
        best = best_of(column, rows)
        if best != own[column]:
            leader = next(name for name, row in others if row and row[column] == best)
            behind.append(f"{column} ({leader})")
    return f"Portcullis is behind in: {'; '.join(behind)}." if behind else "Portcullis is behind in nothing here."


def preface(options):
    version = run([options.portcullis, "--version"]).stdout.strip()
    left_out = "".join(f"\nLeft out, since it could not be installed: {name}.\n" for name in options.left_out)
    return f"""# Portcullis and its peers, side by side

Written by `run.sh`; README.md says what is compared and how. {version}, on one core of
{processor()}. The best of a column is bold.
{left_out}"""


def processor():
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "a machine that does not tell its processor"


if __name__ == "__main__":
    main()
