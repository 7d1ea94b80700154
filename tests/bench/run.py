#!/usr/bin/env python3
"""Runs the benchmark programs of one group or all and compares their figures with targets and peers.

run.py --build BUILD_FOLDER [GROUP] [--quick] [--json FILE]

BUILD_FOLDER/benchmarks.txt names the programs; bench_<group> and bench_<group>_<part> belong to a group. Each prints
one JSON line per figure (see figure.h). Peers come from peers_<group>.py, run by a virtual environment with the
versions of requirements.txt, which is made on the first call below the build folder's parent. One line per figure:

    name  value unit  peer value  ratio  target  ok|short

Exit code 1 if a figure falls short, a peer is absent, or a program fails or prints no figure.
"""
import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
GROUPS = ("engine", "plan")
LIMIT_SECONDS = {True: 300, False: 3600}  # quick or not: a program that takes longer is killed
FIELDS = {"name": str, "value": (int, float, type(None)), "unit": str, "peer": str,
          "peer_value": (int, float, type(None)), "ratio": (int, float, type(None)),
          "target": (int, float), "bound": str, "ok": bool}


def short(name, note):
    """The line of something that gave no figure at all."""
    return {"name": name, "value": None, "unit": "", "peer": "", "peer_value": None, "ratio": None, "target": None,
            "bound": "", "ok": False, "note": note}


def parse_line(line):
    """The figure in a line of a program's output; None if it is not meant as one; ValueError if it is malformed."""
    if not line.lstrip().startswith("{"):
        return None
    figure = json.loads(line)
    for field, kind in FIELDS.items():
        if field not in figure or not isinstance(figure[field], kind) or (
                isinstance(figure[field], bool) and kind is not bool):
            raise ValueError(f"field '{field}' missing or of wrong type in: {line.strip()}")
    if figure["bound"] not in ("<=", ">="):
        raise ValueError(f"field 'bound' is neither <= nor >= in: {line.strip()}")
    figure.setdefault("note", "")
    return figure


def number(value):
    return "-" if value is None else f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"


def table(figures):
    rows = [(f["name"], f"{number(f['value'])} {f['unit']}".strip(), f"{f['peer'] or '-'} {number(f['peer_value'])}",
             number(f["ratio"]), f"{f['bound']} {number(f['target'])}".strip(),
             ("ok" if f["ok"] else "short") + (f"  ({f['note']})" if f["note"] else "")) for f in figures]
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    return ["  ".join([cell.ljust(width) for cell, width in zip(row, widths)] + [row[5]]) for row in rows]


def programs(build, group):
    """Paths of the group's programs, as benchmarks.txt lists them: name, tab, path."""
    with open(os.path.join(build, "benchmarks.txt"), encoding="utf-8") as file:
        entries = [line.rstrip("\n").split("\t") for line in file if line.strip()]
    return [entry[-1] for entry in entries if re.fullmatch(f"bench_{group}(_.+)?", entry[0])]


def virtual_environment(folder):
    """The Python of the pinned environment, made if it is not there; None, with words on stderr, if that fails."""
    with open(os.path.join(HERE, "requirements.txt"), "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    stamp, python = os.path.join(folder, "made-from"), os.path.join(folder, "bin", "python3")
    if os.path.exists(stamp) and open(stamp, encoding="utf-8").read() == digest:
        return python
    print("bench: making the peers' virtual environment", file=sys.stderr)
    steps = ([sys.executable, "-m", "venv", "--clear", folder],
             [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input", "-r",
              os.path.join(HERE, "requirements.txt")])
    for step in steps:
        made = subprocess.run(step, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if made.returncode != 0:
            print(f"bench: no virtual environment, so peers are absent: {made.stderr.strip()[-500:]}", file=sys.stderr)
            return None
    with open(stamp, "w", encoding="utf-8") as file:
        file.write(digest)
    return python


def environment(group, build):
    """The programs' environment: how to start the peers, with the same number of threads as ours."""
    env = dict(os.environ)
    env.pop("CUBELOOM_BENCH_PEERS", None)
    script = os.path.join(HERE, f"peers_{group}.py")
    python = virtual_environment(os.path.join(os.path.dirname(os.path.abspath(build)), "bench-venv")) \
        if os.path.exists(script) else None
    if python:
        env["CUBELOOM_BENCH_PEERS"] = f"{python}\t{script}"
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        env[variable] = str(len(os.sched_getaffinity(0)))
    env["CUBELOOM_BUILD"] = os.path.abspath(build)
    return env


def run_program(path, quick, env):
    """The figures of one program; a failure of the program itself is one more, falling short."""
    figures, name = [], os.path.basename(path)
    try:
        process = subprocess.Popen([path] + (["--quick"] if quick else []), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, text=True, env=env)
    except OSError as error:
        return [short(name, str(error))]
    limit = threading.Timer(LIMIT_SECONDS[quick], process.kill)
    limit.start()
    for line in process.stdout:
        try:
            figure = parse_line(line)
        except ValueError as error:
            figure = short(name, str(error))
        if figure is None:
            print(line, end="", file=sys.stderr)
        else:
            figures.append(figure)
            print(f"bench: {figure['name']}: {number(figure['value'])} {figure['unit']}", file=sys.stderr)
    code = process.wait()
    limit.cancel()
    if code != 0 or not figures:
        figures.append(short(name, f"exit code {code}" if code else "printed no figure"))
    return figures


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("group", nargs="?", choices=GROUPS, help="one group only")
    parser.add_argument("--quick", action="store_true", help="smaller inputs, 3 repetitions, at most 50 s per group")
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments):
    options = parse_arguments(arguments)
    figures = []
    for group in [options.group] if options.group else GROUPS:
        env = environment(group, options.build)
        start, found = time.monotonic(), programs(options.build, group)
        if not found:
            figures.append(short(group, f"no program bench_{group} is built"))
        for path in found:
            figures += run_program(path, options.quick, env)
        print(f"bench: group {group} took {time.monotonic() - start:.0f} s", file=sys.stderr)
    print(*table(figures), sep="\n")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=1)
            file.write("\n")
    return 0 if all(figure["ok"] for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
