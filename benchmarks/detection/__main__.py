"""`python -m benchmarks.detection [--quick] [SCENARIO ...]` prints a line of a table for each figure as it is measured."""

import sys
import time

from benchmarks.detection.scenarios import every


def main(arguments: list[str]) -> None:
    """Print the table, of the named scenarios or of all."""
    start = time.monotonic()
    scenarios = every(quick="--quick" in arguments)
    named = [name for name in arguments if name != "--quick"] or list(scenarios)
    if unknown := set(named) - scenarios.keys():
        sys.exit(f"unknown: {', '.join(sorted(unknown))}; expected some of {', '.join(scenarios)}")
    print("| scenario | measured | wanted |\n| --- | --- | --- |", flush=True)
    for name in named:
        for line in scenarios[name]:
            print(f"| {line.scenario} | {line.measured} | {line.wanted} |", flush=True)
    print(f"\n{(time.monotonic() - start) / 60:.0f} minutes")


if __name__ == "__main__":
    main(sys.argv[1:])
