"""`babelwatch report`: the weekly report of a store, or of the agent that holds it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from agent import reached
from agent.errors import Misconfigured, Mistake
from agent.notify.bulletin import Bulletin
from agent.options import (
    Collection,
    Config,
    Environment,
    From,
    Language,
    Service,
    Store,
    named_by_option,
    print_json,
    settings_of,
    words,
)
from agent.report.views import Report, Views, Words
from agent.sending import send_report

Week = Annotated[
    str | None,
    typer.Option("--week", metavar="2026-W46", help="Which ISO week (default: the last one that is over, or else the first one)."),
]
Until = Annotated[str | None, typer.Option("--to", metavar="TIME", help="As --from; default: the newest minute.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it there instead of printing it.")]
Send = Annotated[bool, typer.Option("--send", help="Send it to report.receivers, too, whatever the schedule does.")]
Format = Annotated[
    str | None, typer.Option("--format", metavar="html|text|json", help="How it is written (default: html with --out, else text).")
]


def report(  # noqa: PLR0913, PLR0917 - one parameter an option
    week: Week = None,
    start: From = None,
    end: Until = None,
    out: Out = None,
    format_: Format = None,
    send: Send = False,
    service: Service = None,
    environment: Environment = None,
    collection: Collection = None,
    language: Language = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """The week: what got worse or better, why, what to do next.

    Compared with the week before; --from and --to with as long a time before them.
    """
    given = {"week": week, "from": start, "to": end, "service": service, "environment": environment}
    asked = words({**given, "collection": collection, "language": language})
    form = format_ or ("html" if out else "text")
    settings = settings_of(config)
    with reached.reading(settings, store) as views, named_by_option():
        told = views.report({**asked, "format": form})
        bulletin = _bulletin(views, asked, {form: told}) if send else None
    if out:
        _write(out, told[form])
        typer.echo(f"{told['title']}\nWritten to {out}")
    elif form == "json":
        print_json(told[form])
    else:
        typer.echo(told[form], nl=False)
    if bulletin:
        send_report(settings, bulletin)


def _bulletin(views: Views, asked: Words, known: Mapping[str, Report]) -> Bulletin:
    """The report as it is sent; `known` are the renderings that are there already."""
    text, html = (known.get(form) or views.report({**asked, "format": form}) for form in ("text", "html"))
    return Bulletin(html["week"], html["title"], text["text"], html["html"])


def _write(out: Path, told: Any) -> None:
    text = told if isinstance(told, str) else json.dumps(told, ensure_ascii=False, indent=2) + "\n"
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Misconfigured([Mistake("--out", "", f"{out} cannot be written: {error.strerror}")]) from error
