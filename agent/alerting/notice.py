"""What a deployment left comparable: scores of two models have no common scale, labels and zero results do."""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from agent.alerting.changes import Change
from agent.alerting.minutes import HOUR
from agent.alerting.summary import version_text
from agent.alerting.watch import Tally

AFTER: Final = HOUR  # minutes on the new version: by then it is seen what its log says
NAMES: Final = {
    "recall_at_k": "recall of labelled queries",
    "hit_rate": "hit rate",
    "similarity_mean": "mean best score",
    "has_results": "queries without results",
}


class Notice(Struct, frozen=True):
    """Said once for each deployment: which measures are compared with what came before, and which are not, and why."""

    compared: tuple[str, ...]
    not_compared: dict[str, str]

    def text(self, change: Change) -> str:
        """The notice as one sentence or two."""
        compared = ", ".join(NAMES[name] for name in self.compared) or "nothing yet"
        missing = "; ".join(f"{NAMES[name]} ({why})" for name, why in self.not_compared.items())
        rest = f" Not compared: {missing}." if missing else ""
        return f"Deployment of {version_text(change)} in {change.collection or 'the index'}: compared by {compared}.{rest}"


def notice(tallies: Iterable[Tally]) -> Notice:
    """From what all languages have on the new version so far."""
    found = list(tallies)
    compared = {tally.measure for tally in found if tally.baseline is not None and not tally.reason}
    reasons = {tally.measure: tally.reason for tally in found if tally.reason and tally.measure not in compared}
    return Notice(tuple(name for name in NAMES if name in compared), {name: reasons[name] for name in NAMES if name in reasons})
