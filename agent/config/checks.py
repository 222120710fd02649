"""What a single value must be: each check answers the value or says what was expected.

The text of its ValueError goes on after the word "expected": `ValueError("host:port")` is told as
"expected host:port, found 'kafka'".
"""

import json
import math
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from email.utils import parseaddr
from types import UnionType
from typing import Final, Literal, Union, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import jmespath

from agent.cron import parse_cron, zone_of
from agent.language.codes import canonical
from agent.notify.route import LABELS
from agent.records import Event
from agent.times import parse_time

_TAG: Final = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{1,8})*")
_HOST_AND_PORT: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]@,]+):[0-9]{1,5}")
_MAILBOX: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_RUN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+@-]{0,99}")
_ROUTING_KEY: Final = re.compile(r"[A-Za-z0-9]{32}")
_TOPIC: Final = re.compile(r"[a-zA-Z0-9._-]{1,249}")
_ANY_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """What was probably meant, as a question in brackets with a space before it; empty where nothing is near."""
    near = get_close_matches(str(name), [*known], n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def event_field(name: str) -> str:
    """The name of a field of the event."""
    if name not in Event.__struct_fields__:
        raise ValueError(f"a field of the event{did_you_mean(name, Event.__struct_fields__)}")
    return name


def text_field(name: str) -> str:
    """The name of a field of the event that holds text."""
    known = [field for field, hint in get_type_hints(Event).items() if _holds_text(hint)]
    if name not in known:
        raise ValueError(f"a field of the event that holds text{did_you_mean(name, known)}")
    return name


def _holds_text(hint: object) -> bool:
    if get_origin(hint) in {Union, UnionType}:
        return any(map(_holds_text, get_args(hint)))
    return hint is str or get_origin(hint) is Literal


def label(name: str) -> str:
    """The name of a label that routes can match."""
    if name not in LABELS:
        raise ValueError(f"one of {', '.join(LABELS)}")
    return name


def start(text: str) -> str:
    """Where an unknown source is begun."""
    if text not in {"earliest", "latest"}:
        try:
            parse_time(text, _ANY_TIME)
        except ValueError as wrong:
            raise ValueError(f"earliest, latest, {wrong}") from None
    return text


def template(body: Mapping[str, object]) -> Mapping[str, object]:
    """What can be sent as JSON."""
    try:
        json.dumps(body, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise ValueError("what JSON can hold") from None
    return body


def texts_in(body: object) -> Iterator[str]:
    """All texts of a template, which are not its keys."""
    if isinstance(body, str):
        yield body
    below = body.values() if isinstance(body, Mapping) else body if isinstance(body, list) else ()
    for value in below:
        yield from texts_in(value)


def run_name(text: str) -> str:
    """What runs are called: also the name of a file, and what stands after `golden:`, where `NAME~1` is the one before the newest."""
    if not _RUN_NAME.fullmatch(text):
        raise ValueError("up to 100 letters, digits, spaces and ._+@-, the first a letter or a digit")
    return text


def cron(text: str) -> str:
    """When something is due."""
    parse_cron(text)
    return text


def time_zone(text: str) -> str:
    """A time zone by its IANA name."""
    zone_of(text)
    return text


def language_tag(text: str) -> str:
    """A tag of a language that CLDR knows, kept as it is written."""
    if not _TAG.fullmatch(text) or canonical(text) is None:
        raise ValueError("a known language tag such as en or zh-Hant")
    return text


def shares_of_one_whole(shares: Mapping[str, float]) -> Mapping[str, float]:
    """Shares of the traffic; none at all is no prior."""
    whole = sum(shares.values())
    if shares and not 0 < whole <= 1 + 1e-9:
        raise ValueError(f"shares that add up to more than 0 and at most 1, not to {whole:g}")
    return shares


def hundredth(number: float) -> float:
    """A multiple of 0.01, which is the edge of a bin, to the last bit."""
    rounded = round(number, 2)
    if not math.isclose(number, rounded, abs_tol=1e-9):
        raise ValueError("a multiple of 0.01")
    return rounded


def address(text: str) -> str:
    """An HTTP address without credentials."""
    if "@" in urlsplit(proxy_address(text)).netloc:
        raise ValueError("an address without user name and password, which have settings of their own")
    return text


def proxy_address(text: str) -> str:
    """An HTTP address, perhaps with credentials."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or re.search(r"\s", text):
        raise ValueError("an address that begins with http:// or https://")
    return text


def routing_key(text: str) -> str:
    """An integration key of PagerDuty."""
    if not _ROUTING_KEY.fullmatch(text):
        raise ValueError("32 letters and digits")
    return text


def signing_secret(text: str) -> str:
    """What signs a webhook's messages."""
    if text.startswith("whsec_"):
        try:
            good = bool(b64decode(text.removeprefix("whsec_"), validate=True))
        except ValueError:
            good = False
        if not good:
            raise ValueError("base64 after whsec_")
    return text


def mailbox(text: str) -> str:
    """An address of e-mail, perhaps with a name before it."""
    _, found = parseaddr(text)
    if not _MAILBOX.fullmatch(found) or not text.isprintable() or not (text == found or text.endswith(f"<{found}>")):
        raise ValueError("an address such as name@example.org, or Name <name@example.org>")
    return text


def trace_address(text: str) -> str:
    """An HTTP address with a place for the trace."""
    if "{trace_id}" not in text:
        raise ValueError("an address with {trace_id} in it")
    return address(text)


def host_and_port(text: str) -> str:
    """A broker."""
    if not _HOST_AND_PORT.fullmatch(text) or int(text.rpartition(":")[2]) not in range(1, 65_536):
        raise ValueError("host:port")
    return text


def topic(text: str) -> str:
    """A name that Kafka allows for a topic."""
    if not _TOPIC.fullmatch(text):
        raise ValueError("a topic's name: up to 249 letters, digits, dots, dashes and underscores")
    return text


def expression(text: str) -> str:
    """A JMESPath expression."""
    try:
        jmespath.compile(text)
    except ValueError:
        raise ValueError("a JMESPath expression") from None
    return text


def pattern(text: str) -> str:
    """A regular expression."""
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as wrong:
        raise ValueError(f"a regular expression ({wrong})") from None
    return text


def pattern_of_one_group(text: str) -> str:
    """A regular expression with exactly one group."""
    if re.compile(pattern(text)).groups != 1:
        raise ValueError("a regular expression with one group, the language")
    return text
