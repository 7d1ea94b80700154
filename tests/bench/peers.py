"""The protocol of a peer program, so that a peers_<group>.py holds only the peers' own work.

A peers file calls serve() with one function per figure. bench/figure.cc starts it once per benchmark program and
writes one request per measurement, 'NAME<tab>INPUT'; the answer is one line, 'VALUE LABEL' (the figure in its unit
and the tool with its version) or 'absent REASON'. A function imports its tool inside, so that a missing tool makes
only its own figures absent. Whatever it prints goes to stderr.
"""
import os
import sys
import time


def milliseconds(work):
    """Wall time of work() and its result."""
    start = time.perf_counter()
    result = work()
    return (time.perf_counter() - start) * 1e3, result


def threads():
    """The thread count that both sides use."""
    return len(os.sched_getaffinity(0))


def answer(functions, line):
    name, _, source = line.rstrip("\n").partition("\t")
    if name not in functions:
        return f"absent no peer for '{name}'"
    try:
        value, label = functions[name](source)
        return f"{value!r} {label}"
    except Exception as error:  # the measurement goes on without this peer, which is named
        return f"absent {type(error).__name__}: {' '.join(str(error).split())}"


def serve(functions):
    """functions: figure name -> function(input) returning (value, label)."""
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        print(answer(functions, line), file=answers, flush=True)
