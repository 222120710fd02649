"""What Grafana and its ClickHouse plugin do with a query before the server sees it, in their order.

From the sources of `grafana/clickhouse-datasource` 4.20.0 (`applyConditionalAll`, `getMacroArgs` in src/data/CHDatasource.ts;
pkg/macros/macros.go) and of `grafana/scenes` (formatRegistry.ts): `$__conditionalAll` in the browser, then variables, then macros
in the plugin's backend.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

ALL = "$__all"
Value = str | Sequence[str]
Variables = Mapping[str, Value]

CONDITIONAL = "$__conditionalAll("
VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\$(?!__)(\w+)")
MACRO = re.compile(r"\$__(\w+)")


class Range(NamedTuple):
    """The dashboard's time range, and the seconds of an interval."""

    start: datetime
    end: datetime
    interval: int = 60


def expanded(text: str, variables: Variables, range_: Range) -> str:
    """The statement that the server gets."""
    return macros(interpolated(conditional_all(text, variables), variables), range_)


def conditional_all(text: str, variables: Variables) -> str:
    """`1=1` for a condition on a variable that is All or empty, else the condition; the last one first."""
    while (at := text.rfind(CONDITIONAL)) >= 0:
        condition, named = arguments(text, at + len(CONDITIONAL) - 1)
        found = re.search(r"(?<=\$\{)\w+(?=\})|(?<=\$)\w+", named.strip())
        assert found, named
        value = variables[found[0]]
        is_all = (value if isinstance(value, str) else ",".join(value)) in {"", ALL}
        text = text.replace(f"{CONDITIONAL}{condition},{named})", "1=1" if is_all else condition, 1)
    return text


def arguments(text: str, at: int) -> list[str]:
    """The arguments of the call whose bracket opens at `at`; quotes are not looked at."""
    depth, begin, found = 0, at + 1, []
    for match in re.finditer(r"[(),]", text[at:]):
        place = at + match.start()
        depth += {"(": 1, ")": -1, ",": 0}[match[0]]
        if (match[0] == "," and depth == 1) or depth == 0:
            found.append(text[begin:place])
            begin = place + 1
        if depth == 0:
            return found
    raise AssertionError(f"a bracket stays open: {text[at:]}")


def interpolated(text: str, variables: Variables) -> str:
    """With the values of variables; one that is in no list is an error here, and stays as it is in Grafana."""

    def value(match: re.Match[str]) -> str:
        name, form = match[1] or match[3], match[2]
        return FORMATS[form](name, variables[name])

    return VARIABLE.sub(value, text)


def encoded(value: str) -> str:
    """JavaScript's `encodeURIComponent`, and `!'()*` too."""
    return quote(value, safe="-_.~")


def query_param(name: str, value: Value) -> str:
    """As a part of an address; `toUrlParams` leaves some signs as they are."""
    values = [value] if isinstance(value, str) else value
    return "&".join(f"var-{name}={quote(each, safe='-_.~@:$,;')}" for each in values)


def percent_encode(_: str, value: Value) -> str:
    """One value; several come in curly brackets."""
    return encoded(value if isinstance(value, str) else "{" + ",".join(value) + "}")


def single_quote(_: str, value: Value) -> str:
    """In single quotes, with a backslash before a quote and none before a backslash."""
    values = [value] if isinstance(value, str) else value
    return ",".join("'" + each.replace("'", "\\'") + "'" for each in values)


def sql_string(_: str, value: Value) -> str:
    """In single quotes, which are doubled inside."""
    values = [value] if isinstance(value, str) else value
    return ",".join("'" + each.replace("'", "''") + "'" for each in values)


FORMATS: Mapping[str, Callable[[str, Value], str]] = {
    "queryparam": query_param,
    "percentencode": percent_encode,
    "singlequote": single_quote,
    "sqlstring": sql_string,
}


def macros(text: str, range_: Range) -> str:
    """With the plugin's macros; one that is not known stays, and the server refuses it."""
    start, end, seconds = int(range_.start.timestamp()), int(range_.end.timestamp()), max(range_.interval, 1)
    with_column = {
        "timeFilter": lambda c: f"{c} >= toDateTime({start}) AND {c} <= toDateTime({end})",
        "timeInterval": lambda c: f"toStartOfInterval(toDateTime({c}), INTERVAL {seconds} second)",
    }
    plain = {"fromTime": f"toDateTime({start})", "toTime": f"toDateTime({end})", "interval_s": str(seconds)}
    while match := next((one for one in MACRO.finditer(text) if one[1] in {*with_column, *plain}), None):
        if match[1] in plain:
            text = text[: match.start()] + plain[match[1]] + text[match.end() :]
        else:
            [column] = arguments(text, match.end())
            text = text[: match.start()] + with_column[match[1]](column) + text[match.end() + len(column) + 2 :]
    return text


class Query(NamedTuple):
    """One statement of a dashboard, and where it stands."""

    place: str
    text: str


def queries(dashboard: Mapping[str, Any], key: str) -> Iterator[Query]:
    """Every statement of panels, variables and annotations: `key` is `rawSql` or `expr`."""
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            if key in target:
                yield Query(f"{panel['title']}/{target['refId']}", target[key])
    for variable in dashboard["templating"]["list"]:
        if isinstance(variable["query"], dict):
            yield Query(f"${variable['name']}", variable["query"][key])
    for mark in dashboard["annotations"]["list"]:
        yield Query(f"@{mark['name']}", mark["target"][key])
