"""The files of the dashboards, and what makes them."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from scripts.dashboards import health, language, overview, pairs
from scripts.dashboards.grafana import Json

FOLDER: Final = Path(__file__).parents[2] / "dashboards"
MADE: Final[Mapping[str, Callable[[], Json]]] = {
    "overview": overview.made,
    "language": language.made,
    "pairs": pairs.made,
    "agent-health": health.made,
}


def text_of(name: str) -> str:
    """The file of a dashboard."""
    return json.dumps(MADE[name](), indent=2, ensure_ascii=False) + "\n"
