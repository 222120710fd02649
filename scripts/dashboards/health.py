"""The agent itself, from its own metrics: does it read, store, evaluate, tell?"""

from typing import Final

from scripts.dashboards.grafana import PROMETHEUS, Json, chooser, dashboard, lines, promql, stat

SOURCE: Final = chooser(PROMETHEUS, "A Prometheus that scrapes every agent")
RATE: Final = "[$__rate_interval]"
READ: Final = 'outcome=~"accepted|rejected|duplicates|excluded"'
OUTCOME: Final = "{{outcome}}"


def quantile(share: float, histogram: str) -> str:
    """How long all but so many took."""
    return f"histogram_quantile({share}, sum by (le) (rate({histogram}_bucket{RATE})))"


def part(some: str, of: str) -> str:
    """A share of two counters."""
    return f"sum(rate({some}{RATE})) / sum(rate({of}{RATE}))"


STATS: Final = [
    stat(
        "Evaluated up to",
        "How long ago the newest evaluated moment is: two to four minutes when all is well. Red, or nothing at all: no alert comes "
        "about any language. `/readyz` says what it waits for.",
        promql("max(babelwatch_as_of_age_seconds)", "age", instant=True),
        unit="s",
        size=(6, 5),
        steps=[(None, "green"), (240, "orange"), (600, "red")],
        noValue="nobody evaluates",
    ),
    stat(
        "Agents",
        "How many agents answer. Fewer than you run: look at the one that is away.",
        promql("count(babelwatch_build_info)", "agents", instant=True),
        unit="none",
        size=(6, 5),
        steps=[(None, "red"), (1, "text")],
        noValue="0",
    ),
    stat(
        "Lost in this range",
        "Messages that the log had removed before they were read: all counts of that time are too low, for ever. Lengthen the "
        "topic's retention, or add agents.",
        promql('sum(increase(babelwatch_messages_total{outcome="lost"}[$__range]))', "lost", instant=True),
        unit="short",
        size=(6, 5),
        steps=[(None, "green"), (1, "red")],
    ),
    stat(
        "Configuration",
        "1: the files are in force. 0: they were changed into something wrong and the set before stays; the log says where.",
        promql("min(babelwatch_config_last_reload_successful)", "configuration", instant=True),
        unit="none",
        size=(6, 5),
        steps=[(None, "red"), (1, "green")],
    ),
]
AGE: Final = lines(
    "Age of the newest evaluated moment",
    "A line that climbs: nothing new is evaluated, and the climb began when it stopped. A gap: nobody evaluates.",
    promql("max(babelwatch_as_of_age_seconds)", "age"),
    unit="s",
    min=0,
    thresholds={"mode": "absolute", "steps": [{"value": None, "color": "transparent"}, {"value": 600, "color": "red"}]},
    custom={"thresholdsStyle": {"mode": "line"}},
)
LAG: Final = lines(
    "Records not yet stored",
    "By partition, whoever reads it. One that only climbs is read by nobody; all that climb: the store or the agent is too slow.",
    promql("sum by (topic, partition) (babelwatch_consumer_lag)", "{{topic}}/{{partition}}"),
    unit="short",
    min=0,
)
MESSAGES: Final = lines(
    "Messages a second by what became of them",
    "Stored messages. No line while the lag climbs: the store does not take them. Many duplicates: somebody sends twice.",
    promql(f"sum by (outcome) (rate(babelwatch_messages_total{RATE}))", OUTCOME),
    unit="cps",
    min=0,
)
SHARES: Final = lines(
    "Rejected, late, of unknown language",
    "Shares of what was read. Rejected: `babelwatch dead-letters list` says why. Late: tables have it, alerts do not; lengthen "
    "`source.lateness`. No language: see `babelwatch doctor`.",
    promql(part('babelwatch_messages_total{outcome="rejected"}', f"babelwatch_messages_total{{{READ}}}"), "rejected", ref="A"),
    promql(part("babelwatch_late_events_total", 'babelwatch_messages_total{outcome="accepted"}'), "late", ref="B"),
    promql(
        part('babelwatch_tags_total{reason!~"second_script|two_languages"}', 'babelwatch_messages_total{outcome="accepted"}'),
        "no language",
        ref="C",
    ),
    unit="percentunit",
    min=0,
)
LETTERS: Final = lines(
    "Rejected messages by reason",
    "A new reason right after a release of a service is that release's. They are kept as dead letters and can be fed again.",
    promql(f"sum by (reason) (rate(babelwatch_dead_letters_total{RATE}))", "{{reason}}"),
    unit="cps",
    min=0,
)
DECLARED: Final = lines(
    "Declared language is the detected one",
    "Of the searches that declare their language. A fall: a service declares the language of its page and not of the query, or "
    "tagging got worse.",
    promql(part('babelwatch_declared_languages_total{agrees="yes"}', "babelwatch_declared_languages_total"), "agrees"),
    unit="percentunit",
    max=1,
)
TOLD: Final = lines(
    "Messages to people",
    "In the last hour, by receiver and outcome. Failed ones were given up: that channel is dead, and another must be watched. "
    "Skipped ones were muted, inhibited or told already.",
    promql("sum by (receiver, outcome) (increase(babelwatch_notifications_total[1h]))", "{{receiver}} {{outcome}}"),
    unit="short",
    min=0,
)
INCIDENTS: Final = lines(
    "Open incidents",
    "By class and state. `monitor` is what the agent says of itself: records that the log removed before they were read, for a week.",
    promql("sum by (class, state) (babelwatch_incidents)", "{{class}} {{state}}"),
    unit="none",
    min=0,
    decimals=0,
)
FLUSHES: Final = lines(
    "Writing to the store",
    "How long a try to write takes, failed ones too. Tens of milliseconds are normal; twenty seconds are a store that gives no answer.",
    promql(quantile(0.5, "babelwatch_flush_seconds"), "median", ref="A"),
    promql(quantile(0.95, "babelwatch_flush_seconds"), "95 %", ref="B"),
    unit="s",
    min=0,
)
EVALUATIONS: Final = lines(
    "Evaluating",
    "How long evaluation takes. It runs once a minute: near 60 s it falls behind; fewer languages or services, or a faster store.",
    promql(quantile(0.5, "babelwatch_evaluate_seconds"), "median", ref="A"),
    promql(quantile(0.95, "babelwatch_evaluate_seconds"), "95 %", ref="B"),
    unit="s",
    min=0,
)


def made() -> Json:
    """The dashboard."""
    return dashboard(
        "babelwatch-agent-health",
        "babelwatch: the agent's health",
        "Whether what the other dashboards show is whole and new.",
        [STATS, [AGE, LAG], [MESSAGES, SHARES], [LETTERS, DECLARED], [TOLD, INCIDENTS], [FLUSHES, EVALUATIONS]],
        variables=[SOURCE],
    )
