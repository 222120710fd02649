"""When something is due: cron lines as people write them, with APScheduler's triggers behind them."""

import re
from typing import Final

from apscheduler.triggers.cron import CronTrigger

_A_CRON: Final = 'a cron line such as "0 4 * * *" or "0 8 * * mon"'
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


def parse_cron(text: str, timezone: str = "UTC") -> CronTrigger:
    """Read `minute hour day month weekday`; raises ValueError that says what was expected.

    As in cron, and other than in APScheduler, 0 and 7 are Sunday.
    """
    fields = text.split()
    if len(fields) != 5:  # noqa: PLR2004 - named in the sentence above
        raise ValueError(_A_CRON)
    try:
        return CronTrigger.from_crontab(" ".join((*fields[:4], _named(fields[4]))), timezone=timezone)
    except (ValueError, KeyError):
        raise ValueError(_A_CRON) from None


def _named(weekdays: str) -> str:
    """Days by their names; a step (`*/2`) keeps its number."""
    return re.sub(r"(?<![/\d])[0-7](?!\d)", lambda found: _DAYS[int(found[0])], weekdays)
