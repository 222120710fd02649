"""`python -m benchmarks.detection [--quick] [SCENARIO ...]` prints a line of a table for each figure as it is measured."""

import sys
import time

from benchmarks.detection.scenarios import every


def main(arguments: list[str]) -> None:
    """Print the table."""
    start = time.monotonic()
    print("| scenario | measured | wanted |\n| --- | --- | --- |", flush=True)
    for line in every(quick="--quick" in arguments):
        print(f"| {line.scenario} | {line.measured} | {line.wanted} |", flush=True)
    print(f"\n{(time.monotonic() - start) / 60:.0f} minutes")


if __name__ == "__main__":
    main(sys.argv[1:])
