"""Writes the dashboards: `.venv/bin/python -m scripts.dashboards`."""

import json
from pathlib import Path

from scripts.dashboards import health, language, overview, pairs

FOLDER = Path(__file__).parents[2] / "dashboards"
MADE = {"overview": overview.made, "language": language.made, "pairs": pairs.made, "agent-health": health.made}


def text_of(name: str) -> str:
    """The file of a dashboard."""
    return json.dumps(MADE[name](), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write all of them."""
    for name in MADE:
        (FOLDER / f"{name}.json").write_text(text_of(name), encoding="utf-8")


if __name__ == "__main__":
    main()
