"""The rows of a body as the bytes that they came in: a batch is recorded without writing it anew.

The body is known to be JSON. What is found is the array of rows and nothing else, or nothing.
"""

from __future__ import annotations

import re

import orjson

_START = re.compile(
    rb'\s*\{\s*(?:"instances"\s*:\s*'
    rb'|"dataframe_split"\s*:\s*\{\s*(?:"columns"\s*:\s*(\[(?:[^"\\\]]++|"[^"\\]*+")*+\])\s*,\s*)?'
    rb'"data"\s*:\s*)(?=\[)'
)
_END = re.compile(rb"\](?:\s*\}){1,2}\s*\Z")


def rows_text(body: bytes, columns: list[str], count: int) -> bytes | None:
    """The array of `count` flat rows in the order of `columns`, on one line, or None.

    From where the rows begin the text goes to the last bracket of the body. A second key in
    between (they may come twice in JSON, and the last one counts), or a value that is no row,
    shows in the number of brackets.
    """
    start = _START.match(body)
    end = _END.search(body, max(0, len(body) - 20))
    if start is None or end is None or start.end() > end.start():
        return None
    if start[1] is not None and orjson.loads(start[1]) != columns:
        return None
    text = body[start.end() : end.start() + 1]
    odd = b"\n" in text or b"NaN" in text  # Neither may stand in a record.
    return text if text.count(b"[") == count + 1 and not odd else None


def is_numbers(text: bytes) -> bool:
    """True where a text of rows holds numbers alone: no text, no null, no boolean."""
    return not any(sign in text for sign in (b'"', b"u", b"s"))
