"""Templates to pages: every value is escaped, and one that is missing is an error and no gap."""

import re
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from agent import __version__
from agent.charts.histogram import histogram
from agent.charts.spark import spark
from agent.charts.trend import trend
from agent.language.codes import own_name
from agent.notify import words
from agent.notify.page import LONGEST_SUMMARY
from agent.notify.text import one_line
from agent.report.pages import alert, alerts, measure, pairs, quality, shades, shown
from agent.report.pages.span import CHOICES
from agent.web.session import OWN

HERE: Final = Path(__file__).parent
LOOK: Final = (HERE.parent / "charts" / "look.css").read_bytes() + (HERE / "static" / "page.css").read_bytes()
SCRIPT: Final = (HERE / "static" / "page.js").read_bytes()
NAV: Final = (
    ("languages", "/", "Languages"),
    ("pairs", "/pairs", "Pairs"),
    ("alerts", "/alerts", "Alerts"),
    ("quality", "/quality", "Data quality"),
    ("reports", "/reports", "Reports"),
)
FILTERS: Final[tuple[Callable[..., str], ...]] = (
    shown.percent,
    shown.points,
    shown.span,
    shown.count,
    shown.when,
    shown.lasting,
    shown.language,
    shown.headline,
    shades.bound,
)


def version_of(content: bytes) -> str:
    """What stands in the address of a file, so that a browser may keep it for good."""
    return blake2b(content, digest_size=6).hexdigest()


def link(path: str, words: dict[str, str], **changes: str | None) -> str:
    """The address of a page with these words, some of them changed, or (None) taken away."""
    kept = {key: value for key, value in {**words, **changes}.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path


def coded(text: str) -> Markup:
    """What stands between backticks as code, all of it escaped."""
    parts = enumerate(re.split("`([^`]+)`", text))
    return Markup("").join(Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in parts)


def environment() -> Environment:
    """The templates of this folder, with what they may call."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {each.__name__: each for each in FILTERS} | {
        "path": lambda value: quote(str(value), safe=""),
        "tidy": lambda value: one_line(value, LONGEST_SUMMARY),
        "coded": coded,
    }
    made.globals |= {
        "version": __version__,
        "nav": NAV,
        "choices": CHOICES,
        "look": version_of(LOOK),
        "script": version_of(SCRIPT),
        "csrf": OWN,
        "link": link,
        "own_name": own_name,
        "measure_words": measure.WORDS,
        "least": pairs.LEAST,
        "few": quality.FEW,
        "rejections": quality.WHY,
        "signals": words.SIGNALS,
        "causes": words.CAUSES,
        "judged": words.JUDGES_QUALITY,
        "states": alerts.STATES,
        "verdicts": alert.VERDICTS,
        "lengths": alert.LENGTHS,
        "spark": spark,
        "trend": trend,
        "histogram": histogram,
    }
    return made


ENVIRONMENT: Final = environment()


def render(template: str, **values: Any) -> bytes:
    """The page as UTF-8; raises jinja2's errors for a template that is wrong, which is ours."""
    return ENVIRONMENT.get_template(template).render(values).encode()
