"""The verdicts on memory and lag again, from what a soak has printed: `python -m benchmarks.soak.again FILE [--rate 5000]`.

A soak prints one look in seven, so the intervals are wider than those of the run itself.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.soak import verdicts
from benchmarks.soak.samples import Sample
from benchmarks.soak.verdicts import Verdict

KEPT: Final = {True: "kept", False: "BROKEN", None: "cannot be told: run longer"}
_LINE: Final = re.compile(r"^ *(\d+) s +(\d+) MiB  lag (-?[\d,]+)$", re.MULTILINE)


def line(sample: Sample) -> str:
    """A look, for whoever waits."""
    return f"{sample.at_s:6.0f} s  {sample.resident:6.0f} MiB  lag {sample.lag:,}"


def looks(text: str) -> list[Sample]:
    """What such lines say, among others; what they do not say is 0, and no age."""
    found = ((float(at), float(resident), int(lag.replace(",", ""))) for at, resident, lag in _LINE.findall(text))
    return [Sample(at, resident, 0, 0, 0, lag, 0, None) for at, resident, lag in found]


def said(verdict: Verdict) -> str:
    """A verdict in a line."""
    return f"{KEPT[verdict.kept]:28}{verdict.said}"


def status(judged: Sequence[Verdict]) -> int:
    """The exit status: 0 where all was kept, 1 where something was not, 2 where only that cannot be told."""
    kept = {one.kept for one in judged}
    return 1 if False in kept else 2 if None in kept else 0


def main(text: str, rate: int) -> None:
    """Judge again, and say it with the exit status."""
    samples = looks(text)
    if len(verdicts.second_half(samples) if samples else ()) < verdicts.FEWEST:
        sys.exit("too few lines such as `    63 s     812 MiB  lag 50,000`")
    judged = [verdicts.memory(samples), verdicts.lag(samples, rate)]
    print(*map(said, judged), sep="\n")
    sys.exit(status(judged))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The verdicts of a soak again, from what it has printed.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--rate", type=int, default=5_000, help="events a second")
    given = parser.parse_args()
    main(given.file.read_text(encoding="utf-8"), given.rate)
