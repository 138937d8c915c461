"""The frozen tree that a condition or a formula over columns is read into."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, true or false. at: where it stands in the text, from 0."""

    value: bool | int | float | str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A column."""

    name: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function or an operator with its arguments.

    Operators are called + - * / % ^ = != < <= > >= and or not in "not in" missing present and
    negate. The first argument of `in` is looked for among the others, which are literals.
    """

    function: str
    arguments: tuple[Node, ...]
    at: int = field(default=0, compare=False)


Node = Literal | Name | Call


def names(node: Node) -> tuple[str, ...]:
    """The columns that the tree reads, each once, in the order of their first use."""
    match node:
        case Literal():
            return ()
        case Name(name=name):
            return (name,)
        case Call(arguments=arguments):
            return tuple(dict.fromkeys(name for part in arguments for name in names(part)))
