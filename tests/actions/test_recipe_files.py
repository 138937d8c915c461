"""Recipes as YAML: people can read and write them, and nothing is lost on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_desktop.actions import recipe_files
from mlops_desktop.core.errors import NotFound, UserError
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.setting_fields import FieldKind, SettingField
from mlops_desktop.core.steps import STEPS, StepKind

TELCO = """\
recipe: clean-telco
note: Blank totals belong to customers of the first month.
steps:
  - parse_number: {columns: [TotalCharges]}
  - fill: {columns: [TotalCharges], with: value, value: 0}
  - map_values: {column: Churn, values: {'No': stays, 'Yes': leaves}}
  - filter: {where: tenure > 0 and `Payment Method` != 'x'}
    off: true
  - drop_duplicates: {}
"""


def test_that_a_file_reads_as_it_is_written(tmp_path: Path) -> None:
    found = recipe_files.parse(TELCO)
    assert found.name == "clean-telco"
    assert found.note.startswith("Blank totals")
    assert found.steps[1] == Step(
        StepKind.FILL, {"columns": ["TotalCharges"], "with": "value", "value": 0}
    )
    assert found.steps[2].settings["values"] == {"No": "stays", "Yes": "leaves"}
    assert [step.on for step in found.steps] == [True, True, True, False, True]
    assert recipe_files.text_of(found.name, found.note, found.steps) == TELCO
    path = tmp_path / "clean.yaml"
    recipe_files.write(path, found.name, found.note, found.steps)
    assert recipe_files.read(path) == found


def test_that_plain_words_of_other_yaml_readers_stay_words() -> None:
    text = (
        "steps:\n- map_values: {column: no, values: {yes: on, off: 1e-5, 2024-01-01: 0x1F, 1: y}}"
    )
    [step] = recipe_files.parse(text).steps
    assert step.settings == {
        "column": "no",
        "values": {"yes": "on", "off": 1e-5, "2024-01-01": "0x1F", "1": "y"},
    }


_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1) | (
    st.sampled_from(["no", "off", "null", "~", "1", "1e5", "2024-01-01", "a: b", "- x", "# y", "'"])
)
_PRINTED = _TEXTS.filter(lambda text: text.strip() != "")
_SCALARS = (
    _PRINTED | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
_KINDS: dict[FieldKind, st.SearchStrategy[Any]] = {
    FieldKind.COLUMNS: st.lists(_PRINTED, min_size=1, max_size=3, unique=True),
    FieldKind.NUMBER: st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    FieldKind.INTEGER: st.integers(),
    FieldKind.VALUES: st.dictionaries(_TEXTS, _SCALARS | st.none(), min_size=1, max_size=3),
    FieldKind.NUMBERS: st.lists(st.integers(), min_size=1, max_size=4, unique=True).map(sorted),
    FieldKind.VALUE: _SCALARS,
}


def _setting(field: SettingField) -> st.SearchStrategy[Any]:
    if field.kind is FieldKind.CHOICE:
        return st.sampled_from(field.choices)
    if field.kind is FieldKind.CHOICES:
        return st.lists(st.sampled_from(field.choices), min_size=1, unique=True)
    return _KINDS.get(field.kind, _PRINTED)


@st.composite
def steps(draw: st.DrawFn) -> Step:
    kind = draw(st.sampled_from(list(STEPS)))
    fields = [f for f in kind.form.fields if not f.optional or draw(st.booleans())]
    return Step(kind, {f.name: draw(_setting(f)) for f in fields}, draw(st.booleans()))


@given(st.lists(steps(), max_size=4), _PRINTED, st.just("") | _PRINTED)
def test_that_any_recipe_comes_back_unchanged(some: list[Step], name: str, note: str) -> None:
    found = recipe_files.parse(recipe_files.text_of(name, note, some))
    assert (found.name, found.note, list(found.steps)) == (name, note, some)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not a recipe"),
        ("- a", "not a recipe"),
        ("steps: [", "is not YAML. Line 1"),
        ("steps:\n\t- a", "is not YAML. Line 2"),
        ("stps: []", "no key 'stps'. Did you mean steps"),
        ("recipe: [a]\nsteps: []", "recipe is ['a']"),
        ("recipe: a", "no list of steps"),
        ("steps: 3", "no list of steps"),
        ("steps:\n  - 3", "Step 1 is 3. Line 2"),
        ("steps:\n  - filtr: {}", "no step 'filtr'. Line 2 of it.yaml. Did you mean filter"),
        ("steps:\n  - filter: {where: a}\n    log: {}", "has 2 kinds: filter, log"),
        ("steps:\n  - off: true", "has 0 kinds"),
        ("steps:\n  - filter: x", "'x' where its settings belong"),
        ("steps:\n  - filter: {where: a}\n    off: 3", "off is 3"),
        ("steps:\n  - formula: {into: f, formula: min(a, b)}", "holds a comma stands in quotes"),
        ("steps:\n  - filter:\n\n  - log: {}", "Condition is missing. Line 2"),
        (
            "steps:\n  - drop_duplicates\n  - log: {columns: [a], x: 1}",
            "Step 2 (Logarithm): It has no",
        ),
        ("steps:\n  - log: {columns: [a], columns: [b]}", "'columns' comes twice below line 2"),
        ("steps: &a\n  - *a", "is used twice by a * reference"),
        ("steps: !!python/object/apply:os.system ['x']", "is not YAML"),
        ("steps: !x []", "has the tag !x"),
        ("steps:\n  - bin: {column: a, into: b, edges: [.inf]}", "Edges is ['.inf']"),
    ],
)
def test_that_a_bad_file_is_told_with_its_line(text: str, says: str) -> None:
    with pytest.raises(UserError) as found:
        recipe_files.parse(text, "it.yaml")
    assert says in str(found.value)


def test_that_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no file"):
        recipe_files.read(tmp_path / "none.yaml")
    path = tmp_path / "it.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="not a text file in UTF-8"):
        recipe_files.read(path)
    path.write_bytes(b"#" * (1 << 21))
    with pytest.raises(UserError, match="too large for a recipe"):
        recipe_files.read(path)
