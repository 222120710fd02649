"""`babelwatch compare`: whether a candidate may replace its base, language by language."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from agent.errors import Misconfigured, Mistake
from agent.options import AsJson, Config, Store, print_json, settings_of

if TYPE_CHECKING:
    from agent.probing.comparing.comparison import Comparison

STDOUT = "-"

Side = Annotated[str, typer.Argument(help="golden:NAME, or a JSON-lines log with `relevant`, plain or .gz.")]
Metric = Annotated[str, typer.Option("--metric", metavar="ndcg@K|mrr@K|recall@K", help="Of golden runs: one that they kept.")]
MaxDrop = Annotated[float, typer.Option("--max-drop", metavar="POINTS", min=0.1, max=100, help="The fall that is allowed.")]
By = Annotated[Literal["language", "pair"], typer.Option("--by", help="Also split by the language of the relevant documents.")]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse what is not known to be well.")]
Junit = Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Also write a JUnit report.")]
Markdown = Annotated[
    str | None,
    typer.Option("--markdown", metavar="FILE", help="Also write it for a pull request; - prints it instead of the table."),
]
Labels = Annotated[
    Literal["clicks", "judged"] | None,
    typer.Option("--labels", help="Whence the labels of logs are; golden sets say it themselves."),
]
AllowBiased = Annotated[bool, typer.Option("--allow-biased", help="Compare by clicks all the same; the answer is marked.")]


def compare(  # noqa: PLR0913, PLR0917 - one parameter an option
    base: Side,
    candidate: Side,
    metric: Metric = "ndcg@10",
    max_drop: MaxDrop = 3.0,
    by: By = "language",
    strict: Strict = False,
    junit: Junit = None,
    markdown: Markdown = None,
    labels: Labels = None,
    allow_biased: AllowBiased = False,
    store: Store = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """The same queries before and after: a deployment's gate.

    Exit status 1 when a language fails; with --strict also when one is inconclusive or insufficient.
    """
    from agent.gate import Options, gate  # noqa: PLC0415 - scipy takes half a second, which no other command has to wait
    from agent.probing.comparing.verdict import refuses  # noqa: PLC0415 - likewise

    if as_json and markdown == STDOUT:
        raise Misconfigured([Mistake("--markdown", "", "expected a file beside --json: both would print")])
    options = Options(base, candidate, metric, max_drop, by, labels, allow_biased, store)
    compared = gate(settings_of(config), options)
    _write(compared, junit, markdown, strict=strict)
    _print(compared, as_json=as_json, as_markdown=markdown == STDOUT)
    if refuses(compared.verdict, strict=strict):
        raise typer.Exit(1)


def _write(compared: "Comparison", junit: Path | None, markdown: str | None, *, strict: bool) -> None:
    from agent.probing.comparing import junit as reports  # noqa: PLC0415 - as above
    from agent.probing.comparing import markdown as comments  # noqa: PLC0415

    if junit:
        _keep(junit, reports.junit(compared, strict=strict))
    if markdown and markdown != STDOUT:
        _keep(Path(markdown), comments.markdown(compared).encode())


def _keep(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Misconfigured([Mistake(str(file), "", f"cannot be written: {error.strerror}")]) from error


def _print(compared: "Comparison", *, as_json: bool, as_markdown: bool) -> None:
    from agent.probing.comparing import markdown, terminal, words  # noqa: PLC0415 - as above

    for note in words.notes(compared):
        typer.echo(note, err=True)
    if as_json:
        print_json(compared.document(words.summary(compared)))
    elif as_markdown:
        typer.echo(markdown.markdown(compared), nl=False)
    else:
        Console().print(terminal.table(compared))
