"""The parts of a Grafana dashboard as plain JSON, so that each dashboard says only what is its own."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

Json = dict[str, Any]

CLICKHOUSE: Final = "grafana-clickhouse-datasource"
PROMETHEUS: Final = "prometheus"
PLUGIN: Final = "4.20.0"
SCHEMA_VERSION: Final = 41
WIDTH: Final = 24
EVERY_RANGE: Final = 2  # when a variable is asked again: with each change of the time range
PALETTE: Final = {"mode": "palette-classic-by-name"}


def source(kind: str) -> Json:
    """The data source that the reader chose."""
    return {"type": kind, "uid": "${datasource}"}


def sql(text: str, *, series: bool = False, ref: str = "A") -> Json:
    """A target of the ClickHouse plugin 4: `series` makes a line of each value of the text columns, otherwise it is a table."""
    return {
        "refId": ref,
        "datasource": source(CLICKHOUSE),
        "editorType": "sql",
        "pluginVersion": PLUGIN,
        "queryType": "timeseries" if series else "table",
        "format": 0 if series else 1,
        "rawSql": text.strip(),
    }


def promql(text: str, legend: str, *, ref: str = "A", instant: bool = False) -> Json:
    """A target of Prometheus; `legend` names its series."""
    kind = {"instant": True, "range": False} if instant else {"instant": False, "range": True}
    return {"refId": ref, "datasource": source(PROMETHEUS), "expr": text.strip(), "legendFormat": legend, **kind}


def panel(kind: str, title: str, says: str, *targets: Json, size: tuple[int, int], **more: Any) -> Json:
    """A panel: `says` what it shows and what to do about it; `size` is width (of 24) and height; `more` as Grafana has it."""
    usual: Json = {"fieldConfig": {"defaults": {}, "overrides": []}, "options": {}}
    return {
        "type": kind,
        "title": title,
        "description": says,
        "datasource": targets[0]["datasource"],
        "gridPos": {"w": size[0], "h": size[1], "x": 0, "y": 0},
        "targets": list(targets),
        **(usual | more),
    }


def lines(title: str, says: str, *targets: Json, unit: str, size: tuple[int, int] = (12, 9), **defaults: Any) -> Json:
    """Lines over time, of a minute and more: the agent counts by the minute."""
    overrides = defaults.pop("overrides", [])
    label = {"displayName": defaults.pop("label")} if "label" in defaults else {}
    drawn = {"drawStyle": "line", "lineWidth": 2, "fillOpacity": 0, "showPoints": "auto", "spanNulls": False}
    fields = {"unit": unit, "color": PALETTE, "custom": drawn | defaults.pop("custom", {}), **label, **defaults}
    options = {"legend": {"displayMode": "list", "placement": "bottom", "calcs": []}, "tooltip": {"mode": "multi", "sort": "asc"}}
    return panel(
        "timeseries",
        title,
        says,
        *targets,
        size=size,
        fieldConfig={"defaults": fields, "overrides": overrides},
        options=options,
        interval="1m",
    )


def stat(title: str, says: str, target: Json, *, unit: str, size: tuple[int, int], **more: Any) -> Json:
    """One figure; `steps` are its thresholds, `named` shows what it is the figure of."""
    steps = more.pop("steps", [(None, "text")])
    named = more.pop("named", False)
    fields = {"unit": unit, "color": {"mode": "thresholds"}, "thresholds": thresholds(steps), **more}
    options = {
        "reduceOptions": {"values": named, "calcs": ["lastNotNull"], "fields": ""},
        "textMode": "value_and_name" if named else "value",
        "colorMode": "value",
        "graphMode": "none",
    }
    return panel("stat", title, says, target, size=size, fieldConfig={"defaults": fields, "overrides": []}, options=options)


def table(title: str, says: str, target: Json, *overrides: Json, size: tuple[int, int], **more: Any) -> Json:
    """Rows, in the order of the query."""
    fields = {"custom": {"align": "auto", "filterable": True}, "noValue": "–"}
    config = {"defaults": fields, "overrides": list(overrides)}
    return panel("table", title, says, target, size=size, fieldConfig=config, options={"showHeader": True}, **more)


def column(name: str, **properties: Any) -> Json:
    """How one column or line is shown; `__` in a property's name stands for a dot."""
    found = [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()]
    return {"matcher": {"id": "byName", "options": name}, "properties": found}


def thresholds(steps: Sequence[tuple[float | None, str]]) -> Json:
    """From which value on (None: from the lowest) which colour."""
    return {"mode": "absolute", "steps": [{"value": value, "color": colour} for value, colour in steps]}


def choice(name: str, label: str, text: str, says: str, *, several: bool = True) -> Json:
    """A variable whose values are queried from the store; `several` of them, or all, unless it is to be exactly one."""
    query = {"editorType": "sql", "queryType": "sql", "rawSql": text.strip(), "refId": name}
    many = {"multi": True, "includeAll": True, "current": {"text": ["All"], "value": ["$__all"]}} if several else {}
    return {
        "name": name,
        "label": label,
        "description": says,
        "type": "query",
        "datasource": source(CLICKHOUSE),
        "query": query,
        "refresh": EVERY_RANGE,
        "sort": 1,
        **many,
    }


def text_box(name: str, label: str, says: str) -> Json:
    """A variable that the reader types; empty at first."""
    nothing = {"text": "", "value": ""}
    return {"name": name, "label": label, "description": says, "type": "textbox", "query": "", "current": nothing}


def chooser(kind: str, says: str) -> Json:
    """The variable that says which data source."""
    return {"name": "datasource", "label": "Data source", "description": says, "type": "datasource", "query": kind}


def annotation(name: str, colour: str, text: str) -> Json:
    """Marks on every panel over time, from the store."""
    return {
        "name": name,
        "datasource": source(CLICKHOUSE),
        "enable": True,
        "iconColor": colour,
        "target": sql(text, ref="annotation"),
    }


def dashboard(uid: str, title: str, says: str, rows: Sequence[Sequence[Json]], **lists: Sequence[Json]) -> Json:
    """A whole dashboard of `variables` and `annotations`; the panels of a row stand side by side, numbered in their order."""
    return {
        "uid": uid,
        "title": title,
        "description": says,
        "tags": ["babelwatch"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "timezone": "utc",
        "time": {"from": "now-7d", "to": "now"},
        "refresh": "1m",
        "links": [LINK],
        "templating": {"list": list(lists["variables"])},
        "annotations": {"list": list(lists.get("annotations", ()))},
        "panels": list(_placed(rows)),
    }


LINK: Final[Mapping[str, Any]] = {
    "type": "dashboards",
    "title": "babelwatch",
    "tooltip": "The other dashboards, for the same time",
    "tags": ["babelwatch"],
    "icon": "external link",
    "asDropdown": False,
    "includeVars": False,  # pairs take several languages, a language's dashboard takes one
    "keepTime": True,
    "targetBlank": False,
}


def _placed(rows: Sequence[Sequence[Json]]) -> list[Json]:
    placed: list[Json] = []
    top = 0
    for row in rows:
        left = 0
        for each in row:
            placed.append({"id": len(placed) + 1, **each, "gridPos": {**each["gridPos"], "x": left, "y": top}})
            left += each["gridPos"]["w"]
        assert left <= WIDTH, row
        top += max(each["gridPos"]["h"] for each in row)
    return placed
