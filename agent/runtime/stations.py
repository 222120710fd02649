"""What the spine is put together from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from agent.aggregate.aggregator import Aggregator
from agent.aggregate.cardinality import Admission
from agent.clock import Clock
from agent.decode.base import Decoder
from agent.decode.exclude import Exclusion, keep
from agent.decode.sink import DeadLetterSink
from agent.language.services import Taggers
from agent.records import Accepted
from agent.runtime.first_look import FirstLook
from agent.runtime.tally import Tally, ignored, untimed
from agent.source.base import Source
from agent.store.base import Journal, WindowLog


@dataclass(frozen=True)
class Stations:
    """One of each."""

    source: Source
    decoder: Decoder
    exclusions: Sequence[Exclusion]
    taggers: Taggers
    admission: Admission
    new_aggregator: Callable[[], Aggregator]
    dead_letters: DeadLetterSink
    windows: WindowLog
    journal: Journal
    clock: Clock
    on_stored: Callable[[Tally], None] = ignored
    first_look: FirstLook | None = None
    on_try: Callable[[timedelta], None] = untimed
    of_users: Callable[[list[Accepted]], list[Accepted]] = list

    def kept(self, accepted: list[Accepted]) -> list[Accepted]:
        """Without what is nobody's query."""
        return self.of_users(keep(accepted, self.exclusions))
