"""All benchmarks, in the order of one paper's way to a reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import (
    building,
    digesting,
    likeness,
    matching,
    memory,
    parsing,
    pushing,
    recording,
    searching,
    serving,
)
from benchmarks.results import Recorded, read_load, save
from benchmarks.table import Benchmark, Growth, Scale

BENCHMARKS: dict[str, Benchmark] = {
    module.BENCHMARK.name: module.BENCHMARK
    for module in (
        parsing,
        recording,
        digesting,
        matching,
        likeness,
        searching,
        building,
        serving,
        memory,
        pushing,
    )
}


def measure(benchmark: Benchmark, scale: Scale, folder: Path) -> Recorded:
    """Measure, and record it."""
    before = read_load()
    rows = list(benchmark.measure(scale))
    return save(folder, benchmark.name, rows, before, size=scale.size, rounds=scale.rounds)


def grow(benchmark: Benchmark, growth: Growth, sizes: Sequence[int], scale: Scale, folder: Path) -> Recorded:
    """Measure the points of a curve, size after size, and record them."""
    before = read_load()
    points = [point for size in sizes for point in growth.measure(replace(scale, size=size))]
    name = name_growth(benchmark, growth)
    return save(folder, name, points, before, sizes=list(sizes), rounds=scale.rounds)


def name_growth(benchmark: Benchmark, growth: Growth) -> str:
    """Give the name of a curve's file: after the benchmark, and what its sizes count."""
    return f"{benchmark.name}-{growth.size.split()[0]}"
