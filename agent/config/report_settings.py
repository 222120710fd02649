"""The settings of the weekly report: when it is made, and who is sent it."""

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import Field

from agent.config import values as kind
from agent.config.receiver_settings import Receiver
from agent.config.section import Section

TAKES_REPORTS: Final = frozenset({"slack", "webhook", "email"})
"""The types of receivers that are sent reports; a pager is none of them. A test compares them with the channels."""

Wrong = tuple[tuple[str | int, ...], object, str]


class ReportSettings(Section):
    """The weekly report."""

    schedule: kind.Cron = Field(
        default="0 8 * * mon", description="when the report of the last week is sent, a cron line in the time zone below"
    )
    timezone: kind.TimeZone = Field(
        default="UTC", description="time zone of the schedule, in which weeks begin too, such as Europe/Berlin"
    )
    receivers: tuple[kind.Text, ...] = Field(
        default=(), description="names of the receivers that are sent it (Slack, e-mail, webhook); none: it is not sent"
    )


def wrong_receivers(report: ReportSettings, known: Mapping[str, Receiver]) -> Iterator[Wrong]:
    """Names that nobody has, that stand there twice, or that are of a receiver which takes no reports."""
    takers = ", ".join(name for name, one in known.items() if one.type in TAKES_REPORTS)
    expected = f"the name of a receiver that takes reports ({takers or 'none of notify.receivers does'})"
    for at, name in enumerate(report.receivers):
        if name in report.receivers[:at]:
            yield ("receivers", at), name, "a name that is there once"
        elif name not in known:
            yield ("receivers", at), name, expected
        elif known[name].type not in TAKES_REPORTS:
            yield ("receivers", at), name, f"{expected}, not of one of type {known[name].type}"
