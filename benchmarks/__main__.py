"""Runs the benchmarks, prints a table for each and records it.

python -m benchmarks                            all of them
python -m benchmarks match --size 1000000       one, or some
python -m benchmarks grow match                 the points of its curves; of all without a name
python -m benchmarks page                       docs/performance.md and its pictures, from what is recorded
"""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.page import renew_page
from benchmarks.results import FOLDER, Recorded
from benchmarks.suite import BENCHMARKS, grow, measure
from benchmarks.table import Benchmark, Scale, lay_out


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line."""
    logging.disable(logging.WARNING)
    options = read_options(arguments)
    if options.names == ["page"]:
        renew_page(options.results)
        return
    is_growth = options.names[:1] == ["grow"]
    chosen = choose(options.names[is_growth:] or [*BENCHMARKS])
    if len(chosen) > 1:
        run_apart(chosen, is_growth, sys.argv[1:] if arguments is None else arguments)
        return
    started = time.monotonic()
    (print_curves if is_growth else print_table)(chosen[0], options)
    print(f"  {time.monotonic() - started:.0f} s\n", flush=True)


def run_apart(chosen: Sequence[Benchmark], is_growth: bool, arguments: Sequence[str]) -> None:
    """Run each benchmark in a process of its own: what one leaves in memory is not another's."""
    options = [argument for argument in arguments if argument not in {"grow", *BENCHMARKS}]
    command = [sys.executable, "-m", "benchmarks", *(["grow"] if is_growth else [])]
    failed = [b.name for b in chosen if subprocess.run([*command, b.name, *options]).returncode]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(f"{b.name:8} {b.title}; size: {b.counts}" for b in BENCHMARKS.values())
    parser.add_argument("names", nargs="*", metavar="NAME", help="benchmarks; or grow and some; or page")
    parser.add_argument("--size", type=int, help="how large; for what it counts see below")
    parser.add_argument("--sizes", type=int, nargs="+", help="with grow: the sizes of the curves' points")
    parser.add_argument("--rounds", type=int, help="how often each way takes its turn")
    parser.add_argument("--folder", type=Path, help="recorded data, where a benchmark can read them")
    parser.add_argument("--results", type=Path, default=FOLDER, help="where the record is kept")
    return parser.parse_args(arguments)


def choose(names: Sequence[str]) -> list[Benchmark]:
    """Give the benchmarks of these names. Ends the program for one that there is not."""
    for name in names:
        if name not in BENCHMARKS:
            sys.exit(f"{name!r} is no benchmark: expected one of {', '.join(BENCHMARKS)}")
    return [BENCHMARKS[name] for name in names]


def choose_scale(usual: Scale, options: argparse.Namespace) -> Scale:
    """Give the usual scale, changed as the options say."""
    size, rounds = options.size or usual.size, options.rounds or usual.rounds
    return replace(usual, size=size, rounds=rounds, folder=options.folder)


def print_table(benchmark: Benchmark, options: argparse.Namespace) -> None:
    """Measure one and print it."""
    scale = choose_scale(benchmark.scale, options)
    print(f"{benchmark.name}: {benchmark.title}, {scale.size:,} {benchmark.counts}", flush=True)
    recorded = measure(benchmark, scale, options.results)
    print("\n".join(f"  {line}" for line in lay_out(recorded.rows)))
    print_head(recorded)


def print_curves(benchmark: Benchmark, options: argparse.Namespace) -> None:
    """Measure the curves of one and print their points."""
    for growth in benchmark.growths:
        print(f"{benchmark.name}: {growth.title}", flush=True)
        scale = choose_scale(Scale(0, growth.rounds), options)
        recorded = grow(benchmark, growth, options.sizes or growth.sizes, scale, options.results)
        for point in recorded.points:
            size, figure = f"{point.size:>12,.0f} {growth.size}", f"{point.figure:14,.3f} {growth.figure}"
            print(f"  {size:36} {figure:27} {point.way}")
        print_head(recorded)


def print_head(recorded: Recorded) -> None:
    """Print what the figures depend on."""
    machine, (before, after) = recorded.head["machine"], recorded.head["load"]
    print(
        f"  {machine['cores']} cores, {machine['processor']}, {machine['memory_gb']} GB, Python "
        f"{machine['python']}; load {before} before, {after} after"
    )


if __name__ == "__main__":
    main()
