"""What the C library is told about memory."""

import ctypes
import gc
import sys

import pytest

from agent.memory import MADE, collect_rarely, keep_buffers


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is asked")
def test_glibc_takes_both_thresholds() -> None:
    """A value out of its range would be refused, and nothing gained."""
    assert keep_buffers()


def test_without_glibc_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Musl has no such call, other systems have another library."""
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert not keep_buffers()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not keep_buffers()


def test_cycles_are_looked_for_rarely() -> None:
    """What was set before is put back."""
    before = gc.get_threshold()
    try:
        collect_rarely()
        assert gc.get_threshold()[0] == MADE
    finally:
        gc.set_threshold(*before)
