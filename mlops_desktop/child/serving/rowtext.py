"""Where the rows of a JSON body lie, and the body cut between rows: found without reading them.

What is found is right only if every piece, in brackets, is a JSON array of whole rows. Then so is
all of the text, since arrays cut at commas are whole again when they are joined, and the head and
the tail were looked at here. A cut inside of a text leaves its piece without a closing quote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

_PIECE = 96 * 1024  # Bytes: what is read of them is still near the processor when it is encoded.
_TAIL_LIMIT = 1024
_S = rb"[ \t\n\r]*+"
_START = re.compile(
    rb'%b\{%b"(?:(instances|dataframe_records)"%b:%b(?=\[)|dataframe_split"%b:%b\{)' % ((_S,) * 6)
)
_BEFORE_DATA = re.compile(
    rb'%b"(columns|index)"%b:%b(\[(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+\])%b,' % ((_S,) * 4)
)
_DATA = re.compile(rb'%b"data"%b:%b(?=\[)' % ((_S,) * 3))
_END = re.compile(rb'\]%b(\}%b)?(?:,%b"params"%b:%b(\{[^{}\[\]]*+\}|null)%b)?\}%b\Z' % ((_S,) * 7))
_BETWEEN = re.compile(rb"[\]}]%b(,)%b[\[{]" % (_S, _S))


@dataclass(frozen=True, slots=True)
class RowsText:
    """text: the rows, without the brackets around them. columns: as the body names them."""

    form: str
    text: bytes
    columns: list[str] | None
    params: dict[str, Any]

    def pieces(self) -> Iterator[bytes]:
        """The text, cut at commas between rows."""
        start = 0
        while cut := _BETWEEN.search(self.text, start + _PIECE):
            yield self.text[start : cut.start(1)]
            start = cut.end(1)
        yield self.text[start:]


def find(body: bytes) -> RowsText | None:
    """The rows of a body in one of the forms that clients write; None for any other."""
    start = _START.match(body)
    if start is None:
        return None
    at, given = start.end(), dict[str, Any]()
    try:
        if start[1] is None:
            while (part := _BEFORE_DATA.match(body, at)) and part[1].decode() not in given:
                given[part[1].decode()] = orjson.loads(part[2])
                at = part.end()
            data = _DATA.match(body, at)
            if data is None:
                return None
            at = data.end()
        end = _END.search(body, max(at, len(body) - _TAIL_LIMIT))
        if end is None or (end[1] is None) != (start[1] is not None):
            return None
        params = orjson.loads(end[2] or b"null")
    except orjson.JSONDecodeError:
        return None
    columns = given.get("columns")
    if columns is not None and not all(isinstance(name, str) for name in columns):
        return None
    form = "dataframe_split" if start[1] is None else start[1].decode()
    text = body[at + 1 : end.start()]
    return RowsText(form, text, columns, params or {}) if text.strip(b" \t\n\r") else None


def is_numbers(text: bytes) -> bool:
    """True where a text of rows holds numbers alone: no text, no null, no boolean."""
    return not any(sign in text for sign in (b'"', b"u", b"s"))
