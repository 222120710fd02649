"""Writes the dashboards: `.venv/bin/python -m scripts.dashboards`."""

from scripts.dashboards.files import FOLDER, MADE, text_of

for name in MADE:
    (FOLDER / f"{name}.json").write_text(text_of(name), encoding="utf-8")
