"""How fast the tagger is beside lid.176 alone, on the same queries in the same run: `python -m benchmarks.language_speed`.

CPU time of this process. The ways take turns, poll by poll, so that a slow moment of the machine hits all of them; the
ratio is that of the sums. Prefixes are the first 2, 3 and 5 words of sentences, keywords their two longest.
"""

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random

import fasttext

from agent.language import evidence
from agent.language.cld2 import Cld2
from agent.language.expected import Expected
from agent.language.fasttext import FastTextModel, bundled_model
from agent.language.tagger import CACHE_SIZE, Asked, Models, Tagger
from benchmarks.language import ORDER, TRAFFIC, merged
from scripts import tatoeba

QUERIES = 50_000
POLL = 5_000
ROUNDS = 5
REPEATS = 0.17

# In a process of its own, as an agent starts: what is imported already costs nothing a second time.
START = """
import time
from benchmarks.ingest.meter import resident
from agent.config.settings import Settings
from agent import parts
before, started = resident(), time.process_time()
from agent.language.tagger import Asked
parts.taggers(Settings()).tag_all([Asked("wo ist der bahnhof")])
print(f"start {time.process_time() - started:.2f} s, {resident() - before:.0f} MB")
"""

Way = Callable[[Sequence[str]], object]


def main() -> None:
    """For each kind of queries a line for each way to tag them."""
    texts = [text for text in tatoeba.read() if merged(text) in TRAFFIC]
    subprocess.run([sys.executable, "-c", START], check=True)
    made = ways()
    for kind, some in (("prefixes", tatoeba.prefixes(texts)), ("keywords", tatoeba.keywords(texts))):
        queries = traffic(some)
        spent = in_turns(made, queries)
        first = next(iter(spent.values()))
        for name, seconds in spent.items():
            rate = ROUNDS * len(queries) / seconds
            print(f"{kind}  {name:<28} {rate:9,.0f} queries a second and core   ratio {first / seconds:.2f}")


def ways() -> dict[str, Way]:
    """The model through its own module, and the tagger with and without its memory."""
    bare = fasttext.load_model(str(bundled_model()))
    models = Models(FastTextModel(bundled_model()), Cld2(), evidence.load())
    expected = Expected(models.first.languages, ["en", *ORDER], TRAFFIC)
    tagger, forgetful = (Tagger(models, expected, cache_size=size) for size in (CACHE_SIZE, 0))
    return {
        "lid.176 alone": lambda texts: [bare.predict(text) for text in texts],
        "tagger": lambda texts: tagger.tag_all([Asked(text) for text in texts]),
        "tagger that remembers nothing": lambda texts: forgetful.tag_all([Asked(text) for text in texts]),
    }


def traffic(texts: Iterable[tatoeba.Text]) -> list[str]:
    """Queries in the shares of the traffic; of 100 of them 17 are one of the last 2,000 again."""
    by_language: defaultdict[str, list[str]] = defaultdict(list)
    for text in texts:
        by_language[merged(text)].append(text.text)
    draw, queries = Random(1), list[str]()
    for language in draw.choices(list(TRAFFIC), list(TRAFFIC.values()), k=QUERIES):
        again = queries and draw.random() < REPEATS
        queries.append(draw.choice(queries[-2_000:] if again else by_language[language]))
    return queries


def in_turns(ways: Mapping[str, Way], queries: Sequence[str]) -> dict[str, float]:
    """CPU seconds that each way took for all rounds."""
    spent = dict.fromkeys(ways, 0.0)
    for start in [*range(0, len(queries), POLL)] * ROUNDS:
        for name, way in ways.items():
            before = time.process_time()
            way(queries[start : start + POLL])
            spent[name] += time.process_time() - before
    return spent


if __name__ == "__main__":
    main()
