"""Draw docs/demo.svg: the screen of a real `babelwatch demo` at the moment of its alert.

.venv/bin/python scripts/picture.py [FILE.svg]
"""

import re
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from typing import Any, Final

import httpx
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

from agent.demo.screen import panel
from agent.demo.show import TITLE
from agent.report.remote import API
from agent.web.server import listen

PICTURE: Final = Path(__file__).parent.parent / "docs" / "demo.svg"
WIDTH: Final = len(TITLE)
PATIENCE_S: Final = 120
# No font is fetched from anywhere: whoever looks at the picture has one with letters of one width.
SVG: Final = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono"
)


def main() -> None:
    """Play the demo until it alerts, and draw what it shows."""
    with listen("127.0.0.1", 8080, search=True) as free:
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("babelwatch")), "demo", "--duration", f"{PATIENCE_S}s", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as demo:  # noqa: S603 - our own command
        try:
            svg = picture(httpx.Client(base_url=f"http://127.0.0.1:{port}{API}", timeout=30, trust_env=False))
        finally:
            demo.terminate()
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    file.write_text(svg, encoding="utf-8")


def picture(api: httpx.Client) -> str:
    """Wait for the alert; the rows since the deployment beside those before it, as the demo's own screen draws them."""
    alert = _waited(api, "/alerts", {"class": "change", "severity": "critical"})[0]  # not the languages low from the first day
    updated = _waited(api, "/changes", {})[0]["at"]
    rows, before = _asked(api, "/languages", {"from": updated}), _asked(api, "/languages", {"from": "-15d", "to": updated})
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True)
    console.print(panel(TITLE, rows, before, str(alert["summary"])))
    drawn = console.export_svg(title="babelwatch demo", code_format=SVG, unique_id="demo")
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def _waited(api: httpx.Client, path: str, wanted: dict[str, str]) -> list[dict[str, Any]]:
    deadline = time.monotonic() + PATIENCE_S
    while not (rows := [row for row in _asked(api, path, {}) if row.items() >= wanted.items()]):
        if time.monotonic() > deadline:
            sys.exit(f"the demo has nothing at {path} after {PATIENCE_S} s")
        time.sleep(1)
    return rows


def _asked(api: httpx.Client, path: str, words: dict[str, str]) -> list[dict[str, Any]]:
    """What the demo answers; nothing while it starts."""
    try:
        answer = api.get(path, params=words)
    except httpx.TransportError:
        return []
    return list(answer.raise_for_status().json())


if __name__ == "__main__":
    main()
