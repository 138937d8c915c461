"""Whether a text is one SELECT and nothing else, before a database sees it."""

from __future__ import annotations

import re

from mlops_desktop.core.errors import UserError

_TOKEN = re.compile(
    r"""
    (?P<skip>--[^\n]*|/\*.*?(?:\*/|$)|\s+)
    |(?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
    |(?P<word>\w+)
    |(?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_STARTS = ("select", "with", "values")


def check_select(query: str) -> str:
    """The query without a semicolon at its end. Raises UserError for anything but one SELECT.

    What is left can only be one: as a table in the parentheses of another query, the database
    takes nothing else.
    """
    depth, first, ended = 0, "", -1
    for found in _TOKEN.finditer(query):
        if found.lastgroup == "skip":
            continue
        text = found.group()
        if ended >= 0:
            raise _refused("It has more than one statement.")
        first = first or text.lower()
        depth += {"(": 1, ")": -1}.get(text, 0)
        if depth < 0 or text in ("'", '"', "`", "["):
            raise _refused("A parenthesis or a quote has no partner.")
        if text == ";":
            ended = found.start()
    if depth:
        raise _refused("A parenthesis has no partner.")
    if first not in _STARTS:
        raise _refused("It does not begin with SELECT or WITH.")
    return query[:ended] if ended >= 0 else query


def _refused(why: str) -> UserError:
    return UserError(
        "The query is not one SELECT.", why=why, hint="Write SELECT ... FROM ..., and only that."
    )
