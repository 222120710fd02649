"""A comparison as a test report that CI systems read: one test case a language."""

import re
from typing import Final
from xml.etree import ElementTree as Xml

from agent.notify.text import one_line
from agent.probing.comparing import words
from agent.probing.comparing.comparison import Comparison, Row
from agent.probing.comparing.verdict import Verdict, refuses

NO_XML: Final = re.compile("[\ufffe\uffff]")


def junit(comparison: Comparison, *, strict: bool) -> bytes:
    """The report: what closes the gate is a failure, what nobody knows is skipped."""
    rows, asked = comparison.rows, comparison.asked
    counts = {
        "tests": str(len(rows)),
        "failures": str(sum(refuses(row.verdict, strict=strict) for row in rows)),
        "errors": "0",
        "skipped": str(sum(not refuses(row.verdict, strict=strict) and row.verdict is not Verdict.PASS for row in rows)),
    }
    suites = Xml.Element("testsuites", {"name": "babelwatch compare", **counts})
    suite = Xml.SubElement(suites, "testsuite", {"name": f"babelwatch compare {asked.metric}", **counts})
    properties = Xml.SubElement(suite, "properties")
    for name, value in _properties(comparison).items():
        Xml.SubElement(properties, "property", {"name": name, "value": _fit(value)})
    for row in rows:
        _case(suite, row, comparison, strict=strict)
    Xml.indent(suites)
    return bytes(Xml.tostring(suites, encoding="utf-8", xml_declaration=True)) + b"\n"


def _properties(comparison: Comparison) -> dict[str, str]:
    return {
        "base": comparison.base.name,
        "candidate": comparison.candidate.name,
        "max_drop": words.points(comparison.asked.max_drop),
        "biased": str(comparison.biased).lower(),
        "summary": words.summary(comparison),
    }


def _case(suite: Xml.Element, row: Row, comparison: Comparison, *, strict: bool) -> None:
    named = {"classname": f"babelwatch.compare.{comparison.asked.metric}", "name": _fit(words.name_of(row.group)), "time": "0"}
    case = Xml.SubElement(suite, "testcase", named)
    said = _fit(f"{row.verdict}: {words.figures(row, comparison)}{words.missing(row, comparison.asked.max_drop)}")
    if refuses(row.verdict, strict=strict):
        Xml.SubElement(case, "failure", {"message": said, "type": row.verdict})
    elif row.verdict is not Verdict.PASS:
        Xml.SubElement(case, "skipped", {"message": said})


def _fit(text: str) -> str:
    """What XML can hold: it has no control characters, however they are written."""
    return NO_XML.sub("", one_line(text, limit=10_000))
