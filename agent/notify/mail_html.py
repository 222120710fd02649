"""The HTML part of a mail: one column, inline styles since mail programs drop others, colours that bear a dark background.

Every string of a message is plain text here, and Jinja's autoescape is what makes it harmless. Links are web addresses or
stay text. Nothing is fetched from anywhere.
"""

import re
from typing import Final

from jinja2 import Environment

from agent.notify.base import Message
from agent.notify.labels import web_address

_COLOURS: Final = {"info": "#3b82c4", "warning": "#d08a00", "critical": "#d64545"}
_RESOLVED: Final = "#2f9e62"
_QUIET: Final = "#6b7785"
_PARAGRAPH: Final = re.compile(r"\n\s*\n")
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{{ title }}</title>
</head>
<body style="margin:0;padding:24px;font:15px/1.5 -apple-system,'Segoe UI',Roboto,'Noto Sans',Arial,sans-serif">
<div style="max-width:640px;margin:0 auto;padding:4px 0 4px 20px;border-left:4px solid {{ colour }}">
<h1 dir="auto" style="margin:0 0 12px;font-size:19px;line-height:1.35">{{ title }}</h1>
{% for paragraph in paragraphs %}
<p dir="auto" style="margin:0 0 12px;overflow-wrap:anywhere">{% for line in paragraph %}{{ line }}{% if not loop.last %}<br>{% endif %}{% endfor %}</p>
{% endfor %}
{% if fields %}
<table role="presentation" style="margin:0 0 12px;border-collapse:collapse;font-size:14px">
{% for field in fields %}
<tr><td style="padding:3px 16px 3px 0;color:#6b7785;vertical-align:top;white-space:nowrap">{{ field.label }}</td>\
<td dir="auto" style="padding:3px 0;overflow-wrap:anywhere">{{ field.value }}</td></tr>
{% endfor %}
</table>
{% endif %}
{% if links %}
<p style="margin:0 0 12px">
{% for link in links %}
{% if web(link.url) %}
<a href="{{ web(link.url) }}" style="color:inherit;margin-right:16px;font-weight:600">{{ link.label }}</a>
{% else %}
{{ link.label }}: {{ link.url }}
{% endif %}
{% endfor %}
</p>
{% endif %}
<p style="margin:0;color:#6b7785;font-size:12px">Sent by babelwatch.</p>
</div>
</body>
</html>
"""
_TEMPLATE: Final = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(_PAGE)


def html_of(message: Message) -> str:
    """A whole page."""
    return _TEMPLATE.render(
        title=message.title,
        paragraphs=[part.splitlines() for part in _PARAGRAPH.split(message.text.strip()) if part],
        fields=message.fields,
        links=message.links,
        colour=_colour(message),
        web=web_address,
    )


def _colour(message: Message) -> str:
    """Green for the end, else that of the loudest."""
    if message.kind == "resolved":
        return _RESOLVED
    return _COLOURS[message.incidents[0].severity] if message.incidents else _QUIET
