"""A thousand kills during delivery: `python -m benchmarks.telling [--kills 1000] [--seed S]`.

Processes tell three receivers that fail half of the time, and are killed at random moments; at the end every message must have
arrived, once by its id where the channel has ids.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.notify.mortal_teller import story

EACH = 40  # incidents of one story


def main() -> None:
    """Run, and exit with status 1 where a message is missing or came twice under an id."""
    parser = argparse.ArgumentParser(description="Kill processes while they tell.")
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    options = parser.parse_args()
    start, kills, doubled, messages, seed = time.monotonic(), 0, 0, 0, options.seed
    wrong: list[str] = []
    print(f"seed {seed}")
    while kills < options.kills:
        with tempfile.TemporaryDirectory() as folder:
            told = story(Path(folder), seed, EACH, min(options.kills - kills, 50))
        kills, doubled, messages = kills + told.kills, doubled + told.doubled, messages + 2 * EACH
        wrong += [f"seed {seed}: {each}" for each in told.wrong]
        seed += 1
        print(
            f"{time.monotonic() - start:7.1f} s  {kills} kills, {messages} messages to each, {doubled} twice on Slack, {len(wrong)} wrong",
            flush=True,
        )
    print(f"{kills} kills: {f'{len(wrong)} messages wrong' if wrong else 'every message arrived'}")
    sys.exit("\n".join(wrong[:20]) if wrong else 0)


if __name__ == "__main__":
    main()
