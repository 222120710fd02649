"""What the documentation says is tried: its commands run, its examples load, its links lead somewhere, its figures are computed."""

import json
import math
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
from typer.exceptions import TyperException

from agent.aggregate.histogram import MICRO
from agent.alerting.condition import Breach, Clear, Limit, fell, low, low_limit
from agent.alerting.incident import Evidence
from agent.alerting.load import KINDS
from agent.alerting.load import load as load_rules
from agent.alerting.rule import DropRule
from agent.alerting.statistics import Baseline, Sums, baseline_of
from agent.cli import cli
from agent.config.configuration import load
from agent.config.probing_settings import EMBEDDERS
from agent.config.receiver_settings import RECEIVERS
from agent.config.section import keys_of
from agent.config.settings import Settings
from agent.config.showing import as_json
from agent.decode.dead_letter import Reason
from agent.decode.native import NativeDecoder
from agent.notify.mute_file import load as load_mutes
from agent.records import Event, Partition, RawMessage, Result, Translation
from agent.report import explain
from agent.resources import rules_dir
from agent.telemetry import COUNTERS, GAUGES, HISTOGRAMS
from agent.web.runbook import anchor
from tests.notify.examples import incident
from tests.report.test_explain import CLEAR

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
RULES = ROOT / "docs" / "rules.md"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.joinpath("docs").rglob("*.md")])
COMMANDS = Path(sys.executable).parent
NOT_HERE = ("run", "demo", "probe", "golden", "compare")  # they need a broker, a model, a search
FILES = (".py", ".yaml", ".sql", ".json")
NOT_RUN = ("make", "export", "curl", "git")  # targets are looked up; the others speak for themselves
NOON = datetime(2026, 11, 9, 12, tzinfo=UTC)
SECRET_FILES = (
    "slack-webhook",
    "slack-token",
    "pagerduty-key",
    "hook-secret",
    "clickhouse-password",
    "embedder-token",
)  # named by examples
NOW_MS = int(NOON.timestamp() * 1000)

FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
NO_BLOCKS = re.compile(r"```.*?```", re.DOTALL)
NO_PROSE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)


class Block(NamedTuple):
    """A fenced block of a page."""

    kind: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order and without the indent of a list."""
    for indent, kind, text in FENCE.findall(page.read_text(encoding="utf-8")):
        yield Block(kind, "".join(line.removeprefix(indent) for line in text.splitlines(keepends=True)))


def yaml_of(page: Path) -> list[str]:
    """The examples of settings on a page."""
    return [block.text for block in blocks(page) if block.kind == "yaml"]


def lines_of(page: Path) -> list[str]:
    """The examples of log lines on a page."""
    return [line for block in blocks(page) if block.kind == "json" for line in block.text.splitlines()]


def name(page: Path) -> str:
    """A page as it is called in the repository."""
    return str(page.relative_to(ROOT))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of somebody who follows the README: a log in our names, one in their own, queries, secrets."""
    ours = list(log())
    tmp_path.joinpath("old.jsonl").write_text("".join(json.dumps(record) + "\n" for record in ours), encoding="utf-8")
    tmp_path.joinpath("theirs.jsonl").write_text("".join(json.dumps(renamed(record)) + "\n" for record in ours), encoding="utf-8")
    tmp_path.joinpath("queries.txt").write_text("wo ist mein Paket\n비밀번호를 잊어버렸어요\nE-4711\n", encoding="utf-8")
    for secret in SECRET_FILES:
        text = "0" * 32 if secret == "pagerduty-key" else "https://hooks.slack.example/services/T/B/x"
        tmp_path.joinpath(secret).write_text(f"{text}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def log() -> Iterator[dict[str, Any]]:
    """A day on one index, and half an hour on the next, on which Spanish falls from 80 to 40 %."""
    questions = {"en": "where is my parcel", "es": "cómo puedo cambiar mi dirección", "de": "wie ändere ich meine Lieferadresse"}
    for day, version, minutes in ((NOON - timedelta(days=1), "2026-11-a", 60), (NOON, "2026-11-b", 30)):
        for number in range(minutes * 30):
            language = ("en", "es", "de")[number % 3]
            bad = language == "es" and number // 3 % 5 >= (4 if version == "2026-11-a" else 2)
            yield {
                "event_id": f"{version}/{number}",
                "timestamp": (day + timedelta(seconds=2 * number)).isoformat(),
                "query": questions[language],
                "index_version": version,
                "score_kind": "cosine",
                "results": [{"doc_id": "kb-12", "score": 0.2 if bad else 0.5, "language": "en"}],
            }


def renamed(record: dict[str, Any]) -> dict[str, Any]:
    """A record as the README's log with other names has it."""
    hits = [{"id": result["doc_id"], "_score": result["score"]} for result in record["results"]]
    at = int(datetime.fromisoformat(record["timestamp"]).timestamp() * 1000)
    return {"trace": record["event_id"], "ts": at, "text": record["query"], "index": record["index_version"], "hits": hits}


def babelwatch(*arguments: str) -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run([COMMANDS / "babelwatch", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"babelwatch {shlex.join(arguments)}: {done.stderr}"
    return done.stdout


def test_the_readme_can_be_followed(folder: Path) -> None:
    """Every command of the README that needs no broker, model or search runs, in its order, with the settings as far as they are written by then."""
    said: dict[str, str] = {}
    for kind, text in blocks(README):
        if kind == "yaml":
            folder.joinpath("babelwatch.yaml").write_text(text, encoding="utf-8")
        for line in text.splitlines() if kind == "shell" else ():
            words = shlex.split(line, comments=True)
            if not words or words[0] in NOT_RUN or words[:2] in [["babelwatch", each] for each in NOT_HERE] or "--topic" in words:
                continue
            assert words[0] == "babelwatch", f"the README has a command that nobody tries: {line}"
            if "--store" in words or words[1] in {"config", "tag", "rules", "doctor"}:
                said[shlex.join(words[1:])] = babelwatch(*words[1:])
            else:
                babelwatch(*words[1:], "--store", "old")  # the README asks a running agent here
    assert "2,700 accepted" in said["replay old.jsonl --store old"]
    assert "2,700 accepted" in said["replay theirs.jsonl --store theirs"]
    assert "Spanish" in said["languages --store old"]
    assert "2026-11-b" in said["languages --store old --by version --from 2026-11-01"]
    assert "z  " in said["alerts explain 4234 --store old"]
    assert "2026-11-b" in said["changes list --store old"]
    assert "hit threshold learned" in " ".join(said["changes list --store old"].split())
    assert "0.50 (provisional) fell" in said["alerts --store old --all --json"]
    assert [line.split("\t")[0] for line in said["tag queries.txt"].splitlines()] == ["de", "ko", "und"]
    assert said["config check"] == "The configuration is valid.\n"
    assert "quality.similarity.floor" in said["rules check"]
    assert "1,000 messages, 1,000 retrievals" in said["doctor theirs.jsonl"]


def test_the_page_on_rules_can_be_followed(folder: Path) -> None:
    """Its first example is checked, and passes the test that stands below."""
    settings, rules, _, tests = yaml_of(RULES)
    folder.joinpath("tests").mkdir()
    written = {"babelwatch.yaml": settings, "rules.yaml": rules, "tests/rules.yml": tests}
    for file, text in written.items():
        folder.joinpath(file).write_text(text.replace("[default, vanished, rules.yaml]", "[rules.yaml]"), encoding="utf-8")
    commands = [
        line.partition("#")[0].split() for block in blocks(RULES) if block.kind == "shell" for line in block.text.splitlines()
    ]
    said = [babelwatch(*words) for command, *words in commands if command == "babelwatch"]
    assert len(said) == 4
    assert said[0] == said[1]
    assert said[2] == said[3] == "passed  tests/rules.yml: Lao falls by six points, German too\n1 test passed.\n"


def test_every_key_of_a_rule_is_explained() -> None:
    """The page on rules has a row for each, the kinds that take it, and no other."""
    table = RULES.read_text(encoding="utf-8").partition("## Keys")[2].partition("## Check")[0]
    rows = [row.split("|")[1:3] for row in table.splitlines() if row.startswith("| `")]
    said = {key: kinds for keys, kinds in rows for key in re.findall(r"`(\w+)`", keys)}
    assert set(said) == {key for kind in KINDS.values() for key in kind.keys}
    for key, kinds in said.items():
        named, takes = set(re.findall(r"`(\w+)`", kinds)), {name for name, kind in KINDS.items() if key in kind.keys}
        assert takes == (set(KINDS) - named if "all" in kinds else named), key


@pytest.mark.parametrize("page", [page for page in PAGES if yaml_of(page)], ids=name)
def test_examples_of_settings_load(folder: Path, page: Path) -> None:
    """Each YAML block is a valid file of settings, of rules, or of mutes."""
    for number, text in enumerate(yaml_of(page)):
        file = folder / f"{number}.yaml"
        file.write_text(text, encoding="utf-8")
        if "\ntests:\n" in text:
            continue  # it needs the rules beside it: the page that has it is followed as a whole
        if text.startswith("rules:\n  -"):
            assert load_rules([str(file)], rules_dir(), folder)
        elif text.startswith("mutes:\n  -"):
            assert load_mutes(file)
        else:
            load(file, {})


@pytest.mark.parametrize("page", [page for page in PAGES if lines_of(page)], ids=name)
def test_examples_of_log_lines_decode(folder: Path, page: Path) -> None:
    """Each JSON line is an event: as it stands, or through one of the page's mappings."""
    mappings: list[dict[str, str]] = [{}]
    for text in yaml_of(page):
        folder.joinpath("mapping.yaml").write_text(text, encoding="utf-8")
        mappings.append(dict(load(folder / "mapping.yaml", {}).source.mapping))
    for line in lines_of(page):
        message = RawMessage(Partition("docs", 0), 0, line.encode())
        events = [accepted for mapping in mappings for accepted in NativeDecoder(mapping).decode_all([message], NOW_MS)[0]]
        assert any(item.event.query and item.event.results for item in events), f"no event with a query and results: {line}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    """A link inside the repository names a file that is there, and a heading that is in it."""
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, heading = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name(page)} links to {link}"
        assert not heading or heading in anchors(target), f"{name(page)} links to {link}: no such heading"


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes of the headings of a page."""
    return {anchor(heading) for heading in HEADING.findall(page.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_make_targets_exist(page: Path) -> None:
    """Whatever a page says to `make` is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", ROOT.joinpath("Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`make ([a-z]+)", text)
    named += [
        words[1]
        for block in blocks(page)
        if block.kind == "shell"
        for line in block.text.splitlines()
        if (words := line.split())[:1] == ["make"]
    ]
    assert set(named) <= targets


def commands_of(page: Path) -> list[str]:
    """Every command of ours on a page, in a block or in a sentence; one that goes on in another line is one."""
    text = page.read_text(encoding="utf-8")
    shell = "\n".join(block.text.replace("\\\n", " ") for block in blocks(page) if block.kind in {"shell", "sh"})
    named = [line for line in shell.splitlines() if line.startswith("babelwatch ")]
    named += [" ".join(code.split()) for code in re.findall(r"`(babelwatch [^`]+)`", NO_BLOCKS.sub("", text))]
    return [command for command in named if not set(command) & set("…()[]")]  # a pattern of commands, not one


@pytest.mark.parametrize("page", [page for page in PAGES if commands_of(page)], ids=name)
def test_commands_are_commands(page: Path) -> None:
    """Each exists, with these options and as many words; whether it does what is said is tried elsewhere."""
    for line in commands_of(page):
        words = shlex.split(re.split(r" [>&|]", line)[0], comments=True)[1:]
        command = typer.main.get_command(cli)
        while words and (below := getattr(command, "commands", {}).get(words[0])):
            command, words = below, words[1:]
        try:
            command.make_context("babelwatch", words, resilient_parsing="--version" in words or not words)
        except TyperException as error:
            pytest.fail(f"{name(page)}: {line}: {error}")


def dotted(settings: Any, at: str = "") -> Iterator[str]:
    """The dotted names of settings."""
    if isinstance(settings, dict) and settings:
        for key, below in settings.items():
            yield from dotted(below, f"{at}.{key}" if at else key)
    else:
        yield at


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_settings_that_are_named_exist(page: Path) -> None:
    """A dotted name in backticks that begins like a setting is one."""
    known = set(dotted(as_json(Settings())))
    sections = {each.partition(".")[0] for each in known}
    named = re.findall(r"`([a-z_]+(?:\.[a-z_0-9]+)+)`", page.read_text(encoding="utf-8"))
    asked = {each for each in named if each.partition(".")[0] in sections and Path(each).suffix not in FILES}
    assert {
        each for each in asked if not any(f"{one}.".startswith(f"{each}.") or each.startswith(f"{one}.") for one in known)
    } == set()


@pytest.mark.parametrize("record", [Event, Result, Translation], ids=lambda record: record.__name__)
def test_every_field_of_the_log_is_explained(record: type[Event | Result | Translation]) -> None:
    """`docs/connect.md` names each field that a log can have."""
    text = ROOT.joinpath("docs", "connect.md").read_text(encoding="utf-8")
    assert [field for field in record.__struct_fields__ if f"`{field}`" not in text] == []


@pytest.mark.parametrize("type_", RECEIVERS)
def test_every_key_of_a_receiver_is_explained(type_: str) -> None:
    """`docs/notifications.md` has each in the table of its receiver, or in that of all over HTTP, and no other."""
    page = (ROOT / "docs" / "notifications.md").read_text(encoding="utf-8")
    heading = {"email": "E-mail", "pagerduty": "PagerDuty"}.get(type_, type_.capitalize())
    own, common = (page.partition(f"\n## {each}\n")[2].partition("\n## ")[0] for each in (heading, "Common to all over HTTP"))
    tables = own.partition("| label |")[0] + ("" if type_ == "email" else common)
    rows = [row.split("|")[1] for row in tables.splitlines() if row.startswith("| `")]
    assert {key for keys in rows for key in re.findall(r"`(\w+)`", keys)} == set(keys_of(RECEIVERS[type_]))


@pytest.mark.parametrize("type_", EMBEDDERS)
def test_every_key_of_an_embedder_is_explained(type_: str) -> None:
    """`docs/embedders.md` names the types that take each key, and no other key."""
    page = (ROOT / "docs" / "embedders.md").read_text(encoding="utf-8").partition("\n## Keys\n")[2].partition("\n## ")[0]
    rows = [row.split("|")[1:3] for row in page.splitlines() if row.startswith("| `")]
    assert {key for key, types in rows for key in re.findall(r"`(\w+)`", key) if f"`{type_}`" in types or "all" in types} == set(
        keys_of(EMBEDDERS[type_])
    )


def test_every_metric_is_explained() -> None:
    """And no other, under the names that Prometheus shows."""
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    shown = {f"{name}_total" for name in COUNTERS} | {*GAUGES, *HISTOGRAMS}
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == shown


def test_every_reason_of_a_dead_letter_is_explained() -> None:
    """`docs/connect.md` has a row for each reason, and for no other."""
    text = ROOT.joinpath("docs", "connect.md").read_text(encoding="utf-8").partition("## Dead letters")[2]
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == {reason.value for reason in Reason}


MEASURED = {  # as `docs/sizing.md` says it: as `benchmarks/README.md` does
    "57.2 µs (53.5 to 60.7)": "57.2** (53.5 to 60.7)",
    "46.4 µs (40.1 to 48.8)": "46.4 (40.1 to 48.8)",
    "73.8 µs (71.3 to 78.6)": "73.8 (71.3 to 78.6)",
    "GenAI, one span a search | 36 %": "GenAI, one span a search | 0.7 | 198 | 312 | 36 %",
    "6 to 7 KB | 27 %": "OpenInference, LangChain, one span | 7.0 | 335 | 426 | 27 %",
    "with a vector | 16 %": "696 | 16 %",
    "**4,829 events a second**": "5,874, 4,829, 5,197",
    "200 MB, the same": "**200 MB**",
    "520 MB, 300 of it": "520 MB, 300 of it",
    "784 MB": "784 MB with chDB",
    "68 / 143 / 299 MB": "| 200 | .62 s | .230 s | 299 MB |",
    "1,462 MB": "| 1,000 | 4.1 s | 1.21 s | 1,462 MB |",
    "| 30 | .11 s | .19 s |": "| 30 | .19 s | .111 s | 68 MB |",
    "| 100 | .12 s | .29 s |": "| 100 | .29 s | .115 s | 143 MB |",
    "costs 1.5 s": "costs 1.5 s of CPU",
    "5.8 to 8.9 %": "| **8.9 %** | **5.8 %** |",
}


@pytest.mark.parametrize("said", MEASURED)
def test_the_sizing_is_what_was_measured(said: str) -> None:
    """Each figure stands among the benchmarks; a new measurement changes both."""
    assert said in ROOT.joinpath("docs", "sizing.md").read_text(encoding="utf-8")
    assert MEASURED[said] in ROOT.joinpath("benchmarks", "README.md").read_text(encoding="utf-8")


def test_the_sizing_reckons_right() -> None:
    """Events a second of one core from the microseconds of one; agents from events; rows from keys."""
    page = ROOT.joinpath("docs", "sizing.md").read_text(encoding="utf-8")
    for micros, events in re.findall(r"([\d.]+) µs \([^)]+\) \| ([\d,]+)", page):
        assert 1e6 / float(micros) == pytest.approx(float(events.replace(",", "")), rel=0.01)
    for events, native, spans in re.findall(r"^\| ([\d,]+) \| (\d+) \| (\d+) \| \w", page, re.MULTILINE):
        need = int(events.replace(",", "")) / 5000
        assert (math.ceil(need), math.ceil(need / 0.27)) == (int(native), int(spans))
    for keys, rows in re.findall(r"^\| ([\d,]+) \| ([\d,]+) \| [\d.]+ million \|", page, re.MULTILINE):
        assert 1440 * int(keys) == int(rows.replace(",", ""))


def usual() -> Baseline:
    """The worked example's past: 1,400 queries at each hour of the day, nine of ten hit."""
    found = baseline_of([Sums(1400, 1260 * MICRO, 1260 * MICRO)] * 24, days=14)
    assert found is not None
    return found


class Fall(NamedTuple):
    """A step of the worked example: what came in so many minutes, and what the page says of it."""

    minutes: int
    n: int
    hits: int
    verdict: type[Clear | Breach]
    said: tuple[str, str]


@pytest.mark.parametrize(
    "fall",
    [Fall(30, 300, 246, Clear, ("0.0307", "2.6")), Fall(120, 1200, 984, Breach, ("0.0183", "4.4"))],
    ids=["after half an hour", "after two hours"],
)
def test_the_worked_example_of_a_fall(fall: Fall) -> None:
    """The pocket calculator and the program agree, and the page has what they say."""
    rule = load_rules(["default"], rules_dir())[0]
    assert isinstance(rule, DropRule)
    by_hour = [0] * 24
    for minute in range(fall.minutes):
        by_hour[9 + minute // 60] += fall.n // fall.minutes
    now = Sums(fall.n, fall.hits * MICRO, fall.hits * MICRO)
    found = fell(by_hour, now, usual(), (540, 539 + fall.minutes), rule.limits_of("ko"))
    assert isinstance(found, fall.verdict)
    assert (f"{found.figures.se:.4f}", f"{found.figures.z:.1f}") == fall.said
    page = ROOT.joinpath("docs", "how-it-decides.md").read_text(encoding="utf-8")
    assert [figure for figure in fall.said if figure not in page] == []


def test_the_example_of_an_explanation_is_what_is_printed() -> None:
    """`docs/alerts.md` has the very lines for the worked example after two hours."""
    [shown] = [block.text for block in blocks(ROOT / "docs" / "alerts.md") if block.kind == "text"]
    evidence = Evidence("drop", "hit_rate", CLEAR.drop, CLEAR.z, CLEAR.n, CLEAR)
    assert shown in explain.text(incident(evidence=(evidence,)))


@pytest.mark.parametrize(("below", "verdict"), [(19, Clear), (20, Breach)])
def test_the_worked_example_of_a_low_language(below: int, verdict: type[Clear | Breach]) -> None:
    """Twenty of thirty queries under the limit are low, nineteen are not."""
    limit = low_limit(0.21, 0.57)
    assert limit is not None
    assert limit == pytest.approx(0.318)
    found = low({20: below, 50: 30 - below}, "cosine", Limit(limit, 0.57, 1000, ("en",)), 15)
    assert isinstance(found, verdict)


def test_nothing_of_this_machine_stands_in_the_documentation() -> None:
    """Neither pages nor the picture name a folder of the machine they were made on."""
    for page in [*PAGES, ROOT / "docs" / "demo.svg"]:
        text = page.read_text(encoding="utf-8")
        assert not re.search(rf"{re.escape(str(ROOT))}\b|/tmp/babelwatch|{re.escape(os.sep)}home/", text), name(page)
