"""Notifications on a terminal and in the log."""

import io
import logging

import pytest
from rich.console import Console

from agent.notify.render import Renderer
from agent.notify.terminal import LogNotifier, TerminalNotifier
from tests.notify.examples import KOREAN, incident, resolved

HOSTILE = "[bold red]\x1b[2J[/nothing]"


def test_a_message_is_printed_whole() -> None:
    """Title, text, facts and links, each on its line."""
    out = io.StringIO()
    notifier = TerminalNotifier(console=Console(file=out, width=40))
    notifier.send(Renderer(external_url="https://b.example").render(KOREAN, notifier.escape))
    lines = out.getvalue().splitlines()
    assert lines[0] == "Warning: retrieval got worse in Korean (ko) · help · prod"
    assert lines[1] == f"  {KOREAN.summary}"
    assert "  Severity: warning" in lines
    assert "  Alert: https://b.example/alerts/9f2c41d0" in lines


def test_markup_and_escape_sequences_do_nothing() -> None:
    """A log's string neither colours nor clears a terminal."""
    out = io.StringIO()
    notifier = TerminalNotifier(console=Console(file=out, force_terminal=True, color_system=None))
    notifier.send(Renderer().render(incident(exemplars=(HOSTILE,)), notifier.escape))
    assert "[bold red][2J[/nothing]" in out.getvalue()
    assert "\x1b[2J" not in out.getvalue()


def test_a_resolution_is_green() -> None:
    """The colour follows the state, then the severity."""
    out = io.StringIO()
    notifier = TerminalNotifier(console=Console(file=out, force_terminal=True, color_system="standard"))
    notifier.send(Renderer().render(resolved(), notifier.escape))
    assert out.getvalue().startswith("\x1b[1;32mResolved:")


def test_standard_output_stays_clean(capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed goes to standard error, so that `--json` stays one document."""
    notifier = TerminalNotifier()
    notifier.send(Renderer().render(KOREAN, notifier.escape))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Korean" in captured.err


def test_the_log_has_one_line_a_message(caplog: pytest.LogCaptureFixture) -> None:
    """One record, one line, with the fingerprint as a field."""
    notifier = LogNotifier()
    with caplog.at_level(logging.WARNING):
        notifier.send(Renderer().render(incident(exemplars=("a\nb",)), notifier.escape))
    (record,) = caplog.records
    assert "\n" not in record.getMessage()
    assert record.getMessage().startswith("Warning: retrieval got worse in Korean (ko) · help · prod | Korean hit rate fell")
    assert record.__dict__["fingerprint"] == KOREAN.fingerprint
