"""Fuzzes a reader of what others send, with atheris: python -m tests.fuzzing TARGET [--seconds 60].

What is found is written below `tests/data/fuzzing`, where `test_fuzzing.py` reads it ever after. atheris is
installed by `make fuzz`; it is no part of the locked packages, since not every machine has it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

CASES = Path(__file__).parent / "data" / "fuzzing"
DATA = Path(__file__).parent / "data"
LONGEST = 4096
# Where inputs of a target lie already.
SEEDS = {"listing": "listing/*", "api": "api/*", "oai": "oai/*"}


def main() -> None:
    """Fuzz one target until its time is up or something is found."""
    parser = argparse.ArgumentParser(description="fuzz a reader of what others send")
    parser.add_argument("target")
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    try:
        import atheris
    except ImportError:
        sys.exit("atheris is not installed: expected `pip install atheris`, which `make fuzz` does")
    with atheris.instrument_imports(include=["feedsvc"]):
        from tests.fuzz_targets import TARGETS
    if options.target not in TARGETS:
        sys.exit(f"{options.target!r} is no target: expected one of {', '.join(TARGETS)}")
    found = CASES / options.target
    found.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate([*found.iterdir(), *DATA.glob(SEEDS.get(options.target, "none/*"))]):
            if seed.is_file():
                (Path(corpus) / str(number)).write_bytes(seed.read_bytes())
        arguments = (f"-max_total_time={options.seconds}", f"-artifact_prefix={found}/", "-timeout=20")
        atheris.Setup([sys.argv[0], corpus, f"-max_len={LONGEST}", *arguments], TARGETS[options.target])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
