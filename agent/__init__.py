"""babelwatch: knowing, before any user complains, that retrieval broke in one language.

The path of the data, in the order of the folders:

    source/     1 where logs come from     Kafka, a file, memory -> raw messages with their offsets
    decode/     2 bytes -> event           what cannot be read becomes a dead letter with a named reason
    language/   3 which language           declared, then script, then model; `und` where the text does not tell
    aggregate/  4 per language and minute  integers only, mergeable in any order
    store/      5 where windows stay       ClickHouse, a server or embedded; the position is part of the data
    alerting/   6 is something wrong       pure statistics, rules as data, incidents as a state machine
    notify/     7 tell someone             one message an incident
    report/     8 tables a person reads    the same function behind each command and its API

    probing/    active checks: who is asked (embedders, searches), separation, golden sets, the gate
    runtime/    the loops that carry the data along this path, and start the checks
    rule_tests/ unit tests of rules: series in, incidents out
    web/        the read-only JSON API, health and metrics
    demo/       the whole path on an in-process broker with generated traffic

`app.py` puts the parts together, `cli.py` has one function per command. Imports point one way: leaf modules
(`errors`, `records`, `clock`) <- pure core <- ports <- adapters <- services <- `app` <- `cli`.
"""

__version__ = "0.1.0"
