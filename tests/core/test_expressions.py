"""The language of conditions and formulas: what it reads, and how it says what it cannot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_desktop.core.errors import UserError
from mlops_desktop.core.expression_nodes import Call, Literal, Name, names
from mlops_desktop.core.expressions import (
    DEPTH_LIMIT,
    LENGTH_LIMIT,
    OPERATOR_LIMIT,
    parse,
    quoted,
)


def _shape(text: str) -> str:
    """The tree with all its brackets."""

    def show(node: object) -> str:
        match node:
            case Literal(value=value):
                return repr(value)
            case Name(name=name):
                return f"`{name}`"
            case Call(function=function, arguments=arguments):
                return f"{function}({' '.join(map(show, arguments))})"
        raise AssertionError(node)

    return show(parse(text))


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("a + b * c", "+(`a` *(`b` `c`))"),
        ("a - b - c", "-(-(`a` `b`) `c`)"),
        ("-a ^ 2", "negate(^(`a` 2))"),
        ("2 ^ -1 ^ 3", "^(2 negate(^(1 3)))"),
        ("a < 1 or not b and c = 'x'", "or(<(`a` 1) and(not(`b`) =(`c` 'x')))"),
        ("(a or b) and c", "and(or(`a` `b`) `c`)"),
        ("a == b", "=(`a` `b`)"),
        ("a <> b", "!=(`a` `b`)"),
        ("a between 1 and 2 and b", "and(and(>=(`a` 1) <=(`a` 2)) `b`)"),
        ("a not between 1 and 2", "or(<(`a` 1) >(`a` 2))"),
        ("a in (1, -2.5)", "in(`a` 1 -2.5)"),
        ("a NOT IN ('x', \"y\")", "not in(`a` 'x' 'y')"),
        ("a is missing", "missing(`a`)"),
        ("a is not null", "present(`a`)"),
        ("'it''s'", '"it\'s"'),
        ("`a b``c` / sex.x", "/(`a b`c` `sex.x`)"),
        ("größe % 2", "%(`größe` 2)"),
        ("year + year(d)", "+(`year` year(`d`))"),
        ("IF(true, .5, 1e3)", "if(True 0.5 1000.0)"),
        ("9223372036854775808", "9.223372036854776e+18"),
    ],
)
def test_that_an_expression_binds_as_in_school(text: str, shape: str) -> None:
    assert _shape(text) == shape


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("a +", "character 4 a number"),
        ("a b", "at 'b'. At character 3 an operator"),
        ("(a", "closing bracket"),
        ("a is 3", "the word missing"),
        ("a not 3", "in or between"),
        ("a in 3", "an opening bracket"),
        ("a in (b)", "holds 'b' at character 7"),
        ("a in (-'x')", "numbers and texts only"),
        ("1 < 2 < 3", "a < b and b < c"),
        ("'abc", "does not end"),
        ("a && b", "Write and"),
        ("a || b", "Write or"),
        ("a ** 2", "Write ^"),
        ("!a", "Write not"),
        ("a; b", "Write ,"),
        ("a[0]", "in `backticks`"),
        ("lgo(a)", "Did you mean log"),
        ("exec('x')", "There is no function 'exec'"),
        ("round(1, 2, 3)", "It takes 1 to 2"),
        ("abs()", "It takes 1"),
        ("1e999", "too large"),
        ("a.b()", "There is no function 'a.b'"),
        ("__import__('os')", "There is no function"),
        ("(" * (DEPTH_LIMIT + 1), "nested too deeply"),
        ("not " * (DEPTH_LIMIT + 1) + "a", "nested too deeply"),
        ("-" * (DEPTH_LIMIT + 1) + "a", "nested too deeply"),
        ("a" + "+a" * (OPERATOR_LIMIT + 1), "operators"),
        ("a" * (LENGTH_LIMIT + 1), "characters"),
    ],
)
def test_that_what_cannot_be_read_is_said_with_its_place(text: str, says: str) -> None:
    with pytest.raises(UserError) as found:
        parse(text)
    assert says in str(found.value)


def test_that_columns_are_told_once_in_order() -> None:
    assert names(parse("b + a * b - `c d` + length('x')")) == ("b", "a", "c d")


@given(st.text(min_size=1, max_size=20))
def test_that_any_name_can_be_quoted(name: str) -> None:
    assert parse(quoted(name)) == Name(name)


@given(st.text(alphabet="ab1. +-*/^()<>='`\"andornti,s", max_size=40))
def test_that_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text)
    except UserError:
        return
