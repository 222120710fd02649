"""Labels: what truly happened, as a person wrote it down. Read strictly, all mistakes together."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from agent.alerting.incident import IncidentClass
from agent.errors import Misconfigured, Mistake
from agent.times import parse_time

Kind = Literal["drop", "low", "vanished", "outage"]

KEYS = ("language", "start", "end", "kind")
CLASSES: Mapping[Kind, tuple[IncidentClass, ...]] = {
    "drop": ("change",),
    "low": ("level",),
    "vanished": ("volume",),
    "outage": ("change", "volume"),  # no answer is a fall of every measure, no query a traffic that is gone
}
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


class Label(NamedTuple):
    """One true incident; `*` is every language."""

    language: str
    start: datetime
    end: datetime
    kind: Kind


def read(file: Path) -> list[Label]:
    """The labels of a JSON file; raises Misconfigured with every mistake."""
    try:
        entries = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Misconfigured([Mistake(str(file), "", f"cannot be read: {error.strerror}")]) from error
    except (ValueError, RecursionError) as error:
        raise Misconfigured([Mistake(str(file), "", f"expected JSON: {error}")]) from error
    if not isinstance(entries, list):
        raise Misconfigured([Mistake(str(file), "", "expected a list of {language, start, end, kind}")])
    mistakes = [Mistake(str(file), f"{at}{key}", text) for at, entry in enumerate(entries) for key, text in _wrong(entry)]
    if mistakes:
        raise Misconfigured(mistakes)
    return [Label(entry["language"], _time(entry["start"]), _time(entry["end"]), entry["kind"]) for entry in entries]


def _wrong(entry: Any) -> Iterator[tuple[str, str]]:
    """Each key of an entry that is wrong, and what was expected."""
    if not isinstance(entry, dict):
        yield "", f"expected {{{', '.join(KEYS)}}}"
        return
    yield from ((f".{key[:40]}", f"expected one of {', '.join(KEYS)}") for key in entry if key not in KEYS)
    language, kind = entry.get("language"), entry.get("kind")
    if not isinstance(language, str) or not language:
        yield ".language", "expected a language, or * for all of them"
    if kind not in get_args(Kind):
        yield ".kind", f"expected one of {', '.join(get_args(Kind))}"
    untimed = [key for key in ("start", "end") if not _is_time(entry.get(key))]
    yield from ((f".{key}", "expected a time such as 2026-11-01T08:00:00Z, or a date") for key in untimed)
    if not untimed and _time(entry["start"]) >= _time(entry["end"]):
        yield ".end", "expected a time after the start"


def _is_time(text: Any) -> bool:
    try:
        return isinstance(text, str) and not text.startswith("-") and bool(_time(text))
    except ValueError:
        return False


def _time(text: str) -> datetime:
    return parse_time(text, NO_TIME)
