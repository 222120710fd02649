"""Notifications on a terminal and in the log."""

import io
import logging

import pytest
from rich.console import Console

from agent.notify.terminal import LogNotifier, TerminalNotifier
from agent.notify.text import clean
from tests.notify.examples import KOREAN, deployed, ended, incident, message

HOSTILE = "[bold red]\x1b[2J[/nothing]"


def test_a_message_is_printed_whole() -> None:
    """Title, text, facts and links, each on its line."""
    out = io.StringIO()
    notifier = TerminalNotifier(console=Console(file=out, width=40))
    notifier.send(message())
    lines = out.getvalue().splitlines()
    assert lines[0] == "Warning: retrieval got worse in Korean (ko) · help · prod"
    assert lines[1] == f"  {KOREAN.summary}"
    assert "  Severity: warning" in lines
    assert "  Alert: https://babelwatch.example/alerts/9f2c41d0" in lines


def test_markup_and_escape_sequences_do_nothing() -> None:
    """A log's string neither colours nor clears a terminal."""
    out = io.StringIO()
    notifier = TerminalNotifier(console=Console(file=out, force_terminal=True, color_system=None))
    notifier.send(message(text=clean(HOSTILE)))
    assert "[bold red][2J[/nothing]" in out.getvalue()
    assert "\x1b[2J" not in out.getvalue()


def test_a_resolution_is_green() -> None:
    """The colour follows the state, then the severity."""
    out = io.StringIO()
    notifier = TerminalNotifier(console=Console(file=out, force_terminal=True, color_system="standard"))
    notifier.send(ended({}))
    assert out.getvalue().startswith("\x1b[1;32mResolved:")


@pytest.mark.parametrize(("severity", "code"), [("info", 34), ("warning", 33), ("critical", 31)])
def test_the_colour_is_that_of_the_loudest(severity: str, code: int) -> None:
    """The loudest stands first; a deployment, which is none, is blue."""
    out = io.StringIO()
    notifier = TerminalNotifier(console=Console(file=out, force_terminal=True, color_system="standard"))
    notifier.send(message(incidents=(incident(severity=severity), incident(severity="info"))))
    notifier.send(deployed())
    assert out.getvalue().startswith(f"\x1b[1;{code}m")
    assert "\x1b[1;34mDeployed" in out.getvalue()


def test_standard_output_stays_clean(capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed goes to standard error, so that `--json` stays one document."""
    notifier = TerminalNotifier()
    notifier.send(message())
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Korean" in captured.err


def test_the_log_has_one_line_a_message(caplog: pytest.LogCaptureFixture) -> None:
    """One record, one line, with the fingerprint as a field."""
    notifier = LogNotifier()
    with caplog.at_level(logging.WARNING):
        notifier.send(message(text="a\nb", incidents=(KOREAN, incident(fingerprint="b"))))
    (record,) = caplog.records
    assert "\n" not in record.getMessage()
    assert record.getMessage().startswith("Warning: retrieval got worse in Korean (ko) · help · prod | a | b | Severity: ")
    assert (record.__dict__["fingerprint"], record.__dict__["kind"]) == ("9f2c41d0,b", "firing")
