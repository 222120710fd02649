"""What happens to agents and their neighbours, and in which order."""

import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tests.chaos.replicas import Replicas
from tests.support import clickhouse_server
from tests.support.broker import Broker
from tests.support.clickhouse_server import ClickHouseServer

REPLICAS: Final = 3
SESSION_S: Final = 2.0
ANSWERS: Final = (
    clickhouse_server.Fault(after="close"),  # the rows are in, and nobody knows
    clickhouse_server.Fault(before="close"),
    clickhouse_server.Fault(after="code:241"),
    clickhouse_server.Fault(before="503"),
    clickhouse_server.Fault(after="sleep:3"),  # longer than a session
)


@dataclass(frozen=True)
class World:
    """What can be hurt, and the coin that says how."""

    coin: random.Random
    kafka: Broker
    store: ClickHouseServer
    replicas: Replicas

    def pause(self, most_s: float, least_s: float = 0) -> None:
        """Let a while pass."""
        time.sleep(self.coin.uniform(least_s, most_s))


def agent_killed(world: World) -> str:
    """At any moment, that of its start included."""
    number = world.coin.randrange(REPLICAS)
    world.replicas.signal(number, signal.SIGKILL)
    world.pause(SESSION_S)
    return f"agent {number} killed"


def agent_stopped(world: World) -> str:
    """It writes what it has, and leaves the group."""
    number = world.coin.randrange(REPLICAS)
    world.replicas.signal(number, signal.SIGTERM)
    world.pause(SESSION_S)
    return f"agent {number} told to stop"


def agent_frozen(world: World) -> str:
    """Longer than its session: it wakes with batches of partitions that others have now."""
    number = world.coin.randrange(REPLICAS)
    world.replicas.signal(number, signal.SIGSTOP)
    world.pause(3 * SESSION_S, SESSION_S)
    world.replicas.signal(number, signal.SIGCONT)
    return f"agent {number} frozen"


def broker_killed(world: World) -> str:
    """And started again on its data."""
    world.kafka.kill()
    world.pause(1)
    world.kafka.start()
    return "broker killed"


def store_killed(world: World) -> str:
    """And started again on its data."""
    world.store.kill()
    world.pause(1)
    world.store.start()
    return "store killed"


def answers_lost(world: World) -> str:
    """Some inserts fail, or are done and nobody hears of it."""
    times, fault = world.coin.randrange(1, 9), world.coin.choice(ANSWERS)
    world.store.fail(clickhouse_server.Fault(fault.before, fault.after, times, "INSERT INTO windows"))
    world.pause(SESSION_S)
    return f"{times} answers of the store lost ({fault.before or fault.after} {'before' if fault.before else 'after'} the insert)"


Fault = Callable[[World], str]
KILLS: Final[tuple[Fault, ...]] = (agent_killed, agent_killed, broker_killed, store_killed)
OTHERS: Final[tuple[Fault, ...]] = (agent_frozen, agent_stopped, answers_lost)


def planned(coin: random.Random, kills: int) -> Iterator[Fault]:
    """Round after round of each of them in any order, until so many were kills."""
    while True:
        for fault in coin.sample(KILLS + OTHERS, len(KILLS + OTHERS)):
            if not kills:
                return
            kills -= fault in KILLS
            yield fault
