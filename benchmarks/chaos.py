"""A hundred kills while events flow: `python -m benchmarks.chaos [--kills 100] [--seed S]`.

Three agents share a topic and a ClickHouse server. Agents, broker and store are killed, agents frozen and stopped, answers lost; at
the end all windows are compared, bit by bit, with those of one undisturbed run over a file.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.run import chaos
from tests.support import broker


def main() -> None:
    """Run, and exit with status 1 where something differs."""
    parser = argparse.ArgumentParser(description="Kill agents, broker and store while events flow.")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    options = parser.parse_args()
    start = time.monotonic()
    print(f"seed {options.seed}")

    def told(line: str) -> None:
        print(f"{time.monotonic() - start:7.1f} s  {line}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        kafka = broker.start(Path(folder) / "kafka")
        try:
            wrong = chaos(kafka, Path(folder), options.kills, options.seed, told)
        finally:
            kafka.kill()
    print(f"{options.kills} kills: {f'{len(wrong)} differences' if wrong else 'exact'}")
    sys.exit("\n".join(wrong[:20]) if wrong else 0)


if __name__ == "__main__":
    main()
