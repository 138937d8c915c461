"""The words and signs that a formula is made of, with their places."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlops_desktop.core.errors import UserError

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      |(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      |(?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
      |(?P<quoted>`(?:[^`]|``)+`)
      |(?P<word>[^\W0-9][\w.]*)
      |(?P<sign>==|!=|<>|<=|>=|[-+*/%^=<>(),])""",
    re.VERBOSE,
)
_INSTEAD = {"&": "and", "|": "or", "!": "not", "**": "^", ";": ","}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int

    @property
    def word(self) -> str:
        """In lower case where it may be a key word, else empty."""
        return self.text.lower() if self.kind == "word" else ""


def split(text: str) -> list[Token]:
    """The tokens of a text, the last of kind `end`. Raises UserError for a sign without meaning."""
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _strange(text, at)
        kind = str(found.lastgroup)
        if kind == "sign" and tokens and found[0] == tokens[-1].text == "*":
            raise _strange(text, tokens[-1].at)
        if kind != "space":
            tokens.append(Token(kind, found[0], at))
        at = found.end()
    return [*tokens, Token("end", "", len(text))]


def _strange(text: str, at: int) -> UserError:
    sign = text[at]
    if sign in "'\"`":
        what = "name" if sign == "`" else "text"
        why, hint = f"The {what} that begins there does not end.", f"Close it with {sign}."
    else:
        instead = _INSTEAD.get(text[at : at + 2], _INSTEAD.get(sign, ""))
        why = "It has no meaning there."
        hint = f"Write {instead}." if instead else "Write names with such signs in `backticks`."
    return UserError(f"{sign!r} at character {at + 1} cannot be read.", why=why, hint=hint)
