"""A history that is short to evaluate: four days of two languages, a deployment, and a fall of Korean that is mended."""

from typing import Any

from agent.store.base import Flush
from tests.store.builders import flush, window

BAD = range(25)  # minutes in which Korean is bad on its new version


def days_before() -> Flush:
    """Four days in which all is well."""
    return flush(*(window(-hour * 60, language=tag, **counts(5_400, 6_000)) for hour in range(1, 97) for tag in ("ko", "de")))


def the_fall(minutes: int) -> Flush:
    """The deployment, and so many minutes after it."""
    korean = (window(n, index_version="v2", **counts(60 if n in BAD else 90, 100)) for n in range(minutes))
    german = (window(n, index_version="v2", language="de", **counts(90, 100)) for n in range(minutes))
    return flush(*korean, *german, stored=10, end=20)


def counts(good: int, all_: int) -> dict[str, Any]:
    """Labelled queries, of which so many found what is right."""
    return {"events": all_, "labelled": all_, "recall_sum": good * 1_000_000, "recall_sq": good * 1_000_000}
