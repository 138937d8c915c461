"""A small safe language for conditions and formulas over columns: text in, a frozen tree out.

    price / `living area` ^ 2        status in ('open', "new") and not closed is missing

Nothing is evaluated here, and nothing of Python can be reached from it.
"""

from __future__ import annotations

import difflib
import re

from mlops_desktop.core.errors import UserError
from mlops_desktop.core.expression_nodes import Call, Literal, Name, Node
from mlops_desktop.core.expression_tokens import Token, split

LENGTH_LIMIT = 4_000
DEPTH_LIMIT = 40
OPERATOR_LIMIT = 150  # A chain such as a + b + c makes a tree as deep as it is long.

# Name -> the fewest and the most arguments.
FUNCTIONS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("abs", "sqrt", "log", "log1p", "exp", "floor", "ceil", "sin", "cos"), (1, 1)),
    "round": (1, 2),
    "min": (2, 20),
    "max": (2, 20),
    "coalesce": (2, 20),
    "if": (3, 3),
    **dict.fromkeys(("lower", "upper", "trim", "length"), (1, 1)),
    **dict.fromkeys(("contains", "starts_with", "ends_with"), (2, 2)),
    **dict.fromkeys(("year", "quarter", "month", "day", "weekday", "hour", "minute"), (1, 1)),
}
_RESERVED = ("and", "or", "not", "in", "is", "between", "true", "false")
_COMPARISONS = {"=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">"}
_COMPARISONS[">="] = ">="


def parse(text: str) -> Node:
    """The tree of an expression. Raises UserError with the place and what was expected there."""
    if len(text) > LENGTH_LIMIT:
        raise UserError(
            f"The formula has {len(text):,} characters.", hint=f"Use at most {LENGTH_LIMIT:,}."
        )
    return _Parser(text).whole()


def quoted(name: str) -> str:
    """A column's name as a formula must write it."""
    plain = re.fullmatch(r"[^\W0-9][\w.]*", name) and name.lower() not in _RESERVED
    return name if plain else "`" + name.replace("`", "``") + "`"


class _Parser:
    """Recursive descent: one method a level of binding, the loosest first."""

    def __init__(self, text: str) -> None:
        self._tokens = split(text)
        self._next = 0
        self._depth = 0
        self._operators = 0

    def whole(self) -> Node:
        if self._peek.kind == "end":
            raise UserError("The formula is empty.", hint="Write one, such as price > 0.")
        node = self._or()
        if self._peek.kind != "end":
            raise self._expected("an operator such as + or and")
        return node

    @property
    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._peek
        self._next += token.kind != "end"
        return token

    def _takes(self, *texts: str) -> Token | None:
        token = self._peek
        if token.kind not in ("sign", "word") or token.text.lower() not in texts:
            return None
        self._operators += token.text not in ",()"
        if self._operators > OPERATOR_LIMIT:
            raise UserError(
                f"The formula has more than {OPERATOR_LIMIT} operators.",
                hint="Make it in two steps.",
            )
        return self._take()

    def _need(self, text: str, meaning: str) -> None:
        if not self._takes(text):
            raise self._expected(meaning)

    def _expected(self, what: str) -> UserError:
        token = self._peek
        where = "ends too early" if token.kind == "end" else f"stops making sense at {token.text!r}"
        place = f"At character {token.at + 1} {what} was expected."
        return UserError(f"The formula {where}.", why=place, hint="Compare the examples in Help.")

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise UserError(
                "The formula is nested too deeply.",
                why=f"More than {DEPTH_LIMIT} levels lie within one another.",
                hint="Make it in two steps.",
            )

    def _or(self) -> Node:
        self._deeper()
        node = self._and()
        while token := self._takes("or"):
            node = Call("or", (node, self._and()), token.at)
        self._depth -= 1
        return node

    def _and(self) -> Node:
        node = self._not()
        while token := self._takes("and"):
            node = Call("and", (node, self._not()), token.at)
        return node

    def _not(self) -> Node:
        token = self._takes("not")
        if token is None:
            return self._comparison()
        self._deeper()
        node = Call("not", (self._not(),), token.at)
        self._depth -= 1
        return node

    def _comparison(self) -> Node:
        node = self._sum()
        if token := self._takes(*_COMPARISONS):
            node = Call(_COMPARISONS[token.text], (node, self._sum()), token.at)
            if self._peek.text in _COMPARISONS:
                raise UserError(
                    f"Two comparisons follow one another at character {self._peek.at + 1}.",
                    hint="Write a < b and b < c, or b between a and c.",
                )
            return node
        if token := self._takes("is"):
            sense = "present" if self._takes("not") else "missing"
            if self._peek.word not in ("missing", "null"):
                raise self._expected("the word missing")
            self._take()
            return Call(sense, (node,), token.at)
        negated = self._takes("not")
        if token := self._takes("in"):
            return Call("not in" if negated else "in", (node, *self._listed()), token.at)
        if token := self._takes("between"):
            low = self._sum()
            self._need("and", "the word and between the two limits")
            limits = (Call(">=", (node, low), token.at), Call("<=", (node, self._sum()), token.at))
            if negated:  # Not `not (...)`: a missing value is neither inside nor outside.
                below, above = (Call("<", (node, low), token.at), limits[1].arguments[1])
                return Call("or", (below, Call(">", (node, above), token.at)), token.at)
            return Call("and", limits, token.at)
        if negated:
            raise self._expected("in or between")
        return node

    def _listed(self) -> list[Node]:
        self._need("(", "an opening bracket")
        found: list[Node] = []
        while not found or self._takes(","):
            minus = self._takes("-")
            token = self._peek
            value = self._atom()
            if minus and isinstance(value, Literal) and isinstance(value.value, int | float):
                value = Literal(-value.value, token.at)
            elif minus or not isinstance(value, Literal):
                raise UserError(
                    f"The list after in holds {token.text!r} at character {token.at + 1}.",
                    why="It may hold numbers and texts only.",
                    hint="Put texts in quotes: in ('a', 'b').",
                )
            found.append(value)
        self._need(")", "a comma or a closing bracket")
        return found

    def _sum(self) -> Node:
        node = self._product()
        while token := self._takes("+", "-"):
            node = Call(token.text, (node, self._product()), token.at)
        return node

    def _product(self) -> Node:
        node = self._signed()
        while token := self._takes("*", "/", "%"):
            node = Call(token.text, (node, self._signed()), token.at)
        return node

    def _signed(self) -> Node:
        token = self._takes("-", "+")
        if token is None:
            return self._power()
        self._deeper()
        node = self._signed()
        self._depth -= 1
        if token.text == "+":
            return node
        if isinstance(node, Literal) and type(node.value) in (int, float):
            return Literal(-node.value, token.at)  # type: ignore[operator]  # No text or bool.
        return Call("negate", (node,), token.at)

    def _power(self) -> Node:
        node = self._atom()
        token = self._takes("^")
        if token is None:
            return node
        self._deeper()
        node = Call("^", (node, self._signed()), token.at)
        self._depth -= 1
        return node

    def _atom(self) -> Node:
        token = self._peek
        match token.kind:
            case "number":
                self._take()
                return Literal(_number(token), token.at)
            case "text":
                self._take()
                quote = token.text[0]
                return Literal(token.text[1:-1].replace(quote * 2, quote), token.at)
            case "quoted":
                self._take()
                return Name(token.text[1:-1].replace("``", "`"), token.at)
        if token.word in ("true", "false"):
            self._take()
            return Literal(token.word == "true", token.at)
        if token.kind == "word" and (token.word not in _RESERVED):
            self._take()
            return self._call(token) if self._peek.text == "(" else Name(token.text, token.at)
        if not self._takes("("):
            raise self._expected("a number, a text in quotes, a column or a bracket")
        node = self._or()
        self._need(")", "a closing bracket")
        return node

    def _call(self, token: Token) -> Node:
        name = token.word
        if name not in FUNCTIONS:
            near = " or ".join(difflib.get_close_matches(name, FUNCTIONS, n=3))
            raise UserError(
                f"There is no function {token.text!r} (at character {token.at + 1}).",
                hint=f"Did you mean {near}?" if near else f"There are {', '.join(FUNCTIONS)}.",
            )
        self._take()
        arguments: list[Node] = []
        if self._peek.text != ")":
            arguments.append(self._or())
            while self._takes(","):
                arguments.append(self._or())
        self._need(")", "a comma or a closing bracket")
        least, most = FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            wanted = f"{least}" if least == most else f"{least} to {most}"
            raise UserError(
                f"{name} at character {token.at + 1} has {len(arguments)} arguments.",
                hint=f"It takes {wanted}.",
            )
        return Call(name, tuple(arguments), token.at)


def _number(token: Token) -> int | float:
    if token.text.isdigit() and int(token.text) < 2**63:
        return int(token.text)
    value = float(token.text)
    if value in (float("inf"), float("-inf")):
        raise UserError(
            f"The number at character {token.at + 1} is too large.", hint="Use less than 1e308."
        )
    return value
