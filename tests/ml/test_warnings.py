"""Traps in tables, found without being told what will be predicted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import sklearn.datasets

from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.core.datasets import Column, ColumnType, DataWarning, WarningKind
from mlops_desktop.core.profile import Profile
from mlops_desktop.ml import moments
from mlops_desktop.ml.profile import profile_column
from mlops_desktop.ml.warnings import data_warnings, merged

random = np.random.default_rng(0)
N = 400
NOISE = random.normal(size=N).round(3)
KINDS = {arrow: kind for kind, arrow in ARROW_TYPES.items()}


def warnings(duplicates: int = 0, **columns: Any) -> list[DataWarning]:
    table = pa.table(columns)

    def load(names: Sequence[str]) -> pa.Table:
        return table.select(list(names))

    profile = Profile(
        table.num_rows,
        duplicates,
        tuple(
            profile_column(Column(field.name, KINDS[field.type]), table.column(field.name))
            for field in table.schema
        ),
    )
    return data_warnings(profile, table.slice(0, 100), load, 7 if duplicates else None)


def kinds(found: list[DataWarning]) -> list[tuple[WarningKind, tuple[str, ...]]]:
    return [(warning.kind, warning.columns) for warning in found]


def test_that_harmless_columns_raise_nothing() -> None:
    found = warnings(
        a=NOISE,
        b=random.normal(size=N),
        c=random.integers(0, 5, N),
        d=random.choice(["x", "y"], N),
        e=random.random(N) < 0.5,
    )
    assert found == []


def test_that_two_columns_which_add_up_to_a_third_are_a_leak() -> None:
    casual, registered = random.integers(0, 99, N), random.integers(0, 99, N)
    found = warnings(casual=casual, registered=registered, cnt=casual + registered, x=NOISE)
    assert kinds(found) == [(WarningKind.LEAK, ("casual", "registered", "cnt"))]
    assert found[0].what == "`casual` + `registered` = `cnt` in all 400 rows."


def test_that_three_prices_which_add_up_are_a_leak() -> None:
    parts = [random.normal(size=N).round(2) for _ in range(3)]
    found = warnings(fare=parts[0], tip=parts[1], tolls=parts[2], total=sum(parts))
    assert kinds(found) == [(WarningKind.LEAK, ("fare", "tip", "tolls", "total"))]


def test_that_a_sum_with_one_exception_is_no_sum() -> None:
    a, b = random.integers(0, 99, N), random.integers(0, 99, N)
    total = a + b
    total[-1] += 1
    assert warnings(a=a, b=b, total=total) == []


def test_that_a_bill_with_a_few_fixed_fees_is_a_leak() -> None:
    rng = np.random.default_rng(4)
    fare, tip = rng.gamma(2, 6, 900).round(2), rng.gamma(1, 2, 900).round(2)
    tolls = rng.choice([0.0, 5.76, 12.5], 900, p=[0.9, 0.08, 0.02])
    fee = rng.choice([0.8, 3.3, 3.8], 900)
    found = warnings(fare=fare, tip=tip, tolls=tolls, total=fare + tip + tolls + fee)
    [leak] = [warning for warning in found if warning.kind is WarningKind.LEAK]
    assert leak.columns == ("fare", "tip", "tolls", "total")
    assert "`fare` + `tip` + `tolls` = `total` but for a few fixed amounts" in leak.what
    noise = rng.normal(0, 2, 900)
    found = warnings(fare=fare, tip=tip, tolls=tolls, total=fare + tip + tolls + noise)
    assert WarningKind.LEAK not in {warning.kind for warning in found}


def test_that_a_sum_holds_where_values_are_missing() -> None:
    a, b = random.integers(0, 99, N).astype(float), random.integers(0, 99, N)
    total = a + b
    missing = np.arange(N) % 10 == 0
    found = warnings(a=pa.array(a, mask=missing), b=b, total=total)
    assert "in all 360 rows where none is missing" in found[0].what


def test_that_a_column_that_repeats_another_is_a_leak() -> None:
    survived = random.integers(0, 2, N)
    found = warnings(survived=survived, x=NOISE, alive=np.where(survived == 1, "yes", "no"))
    assert kinds(found) == [(WarningKind.LEAK, ("survived", "alive"))]


def test_that_a_repeat_with_one_exception_is_none() -> None:
    survived = random.integers(0, 2, N)
    alive = np.where(survived == 1, "yes", "no")
    alive[-1] = "no" if survived[-1] else "yes"
    assert warnings(survived=survived, alive=alive) == []


def test_that_a_copied_column_of_different_numbers_is_a_leak() -> None:
    values = random.normal(size=N)
    found = warnings(price=values, cost=values.copy(), other=random.normal(size=N))
    assert kinds(found) == [(WarningKind.LEAK, ("price", "cost"))]


@pytest.mark.parametrize(
    "ids", [np.arange(1, N + 1), np.array([f"k{i * 7919 % 1000:04}" for i in range(N)])]
)
def test_that_identifiers_are_named(ids: Any) -> None:
    assert kinds(warnings(key=ids, x=NOISE)) == [(WarningKind.IDENTIFIER, ("key",))]


def test_that_unique_numbers_out_of_order_are_no_identifier() -> None:
    assert warnings(n=random.permutation(N), x=NOISE) == []


@pytest.mark.parametrize("value", [3, "same", None])
def test_that_a_column_that_never_changes_is_named(value: object) -> None:
    kind = {int: pa.int64(), str: pa.string()}.get(type(value), pa.string())
    found = warnings(k=pa.array([value] * N, kind), x=NOISE)
    assert kinds(found) == [(WarningKind.CONSTANT, ("k",))]


def test_that_many_missing_values_are_counted() -> None:
    deck = pa.array(random.choice(["A", "B"], N), mask=np.arange(N) % 4 != 0)
    found = warnings(deck=deck, x=NOISE)
    assert found[0].what == "`deck`: 300 of 400 values (75 %) are missing."


def test_that_zeros_which_stand_apart_are_named() -> None:
    x = random.normal(6, 0.5, N)
    x[[5, 9]] = 0.0
    found = warnings(x=x)
    assert "2 of 400 values are 0 (first: row 6)" in found[0].what
    assert warnings(x=np.abs(random.normal(size=N)).round(1)) == []


def test_that_categories_which_are_nearly_unique_are_named() -> None:
    names = np.array([f"name {i // 2}" for i in range(N)])
    assert kinds(warnings(name=names, x=NOISE)) == [(WarningKind.CATEGORIES, ("name",))]


def test_that_the_most_harmful_comes_first() -> None:
    a, b = random.integers(0, 99, N), random.integers(0, 99, N)
    found = warnings(3, k=np.ones(N), id=np.arange(N), a=a, b=b, total=a + b)
    assert [warning.kind.value for warning in found] == [
        "leak",
        "identifier",
        "duplicates",
        "constant",
    ]
    assert "(first: row 7)" in found[2].what


def suggested(found: list[DataWarning], kind: WarningKind) -> list[tuple[str, dict[str, object]]]:
    warning = next(w for w in found if w.kind is kind)
    assert warning.suggestion is not None
    return [(step.kind.value, step.settings) for step in warning.suggestion.steps]


def test_that_few_values_far_out_are_named() -> None:
    y = random.normal(6, 0.5, N)
    y[[7, 9]] = 58.9, 31.8
    found = warnings(y=y)
    assert "2 of 400 values lie far from all others (58.9, 31.8; first: row 8)" in found[0].what
    assert suggested(found, WarningKind.OUTLIERS) == [
        ("clip", {"columns": ["y"], "high": float(np.sort(y)[-3])})
    ]


def test_that_skewed_amounts_and_long_tails_are_no_outliers() -> None:
    amounts = np.exp(random.normal(3, 1, 20_000))
    assert warnings(a=amounts, t=random.laplace(size=20_000)) == []


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("contact", lambda i: f"a.b{i}@example.org", "e-mail addresses (by its values)"),
        ("call", lambda i: f"+49 30 {1234567 + i}", "phone numbers (by its values)"),
        ("Telefonnummer", lambda i: f"030/{1234567 + i}", "phone numbers (by its name)"),
        ("from", lambda i: f"192.168.{i % 250}.7", "IP addresses (by its values)"),
        ("Prénom du client", lambda i: ("Ana", "Zoé", "Léa", "Max", "Tom", "Jo")[i % 6], "names"),
        ("LastName", lambda i: ("Roe", "Poe", "Doe", "Lee", "Fox", "Ray")[i % 6], "names of"),
        ("姓名", lambda i: ("王", "李", "张三", "李四", "王五", "赵六")[i % 6], "names of people"),
        ("dob", lambda i: f"{1940 + i % 60}-03-1{i % 9}", "dates of birth (by its name)"),
        ("paid", lambda i: CARDS[i % len(CARDS)], "card numbers (by its values)"),
        ("account", lambda i: IBANS[i % len(IBANS)], "bank account numbers (IBAN)"),
    ],
)
def test_that_personal_data_is_named(name: str, value: Any, what: str) -> None:
    found = warnings(**{name: [value(i) for i in range(N)], "x": NOISE})
    personal = [w for w in found if w.kind is WarningKind.PERSONAL]
    assert [w.columns for w in personal] == [(name,)]
    assert what in personal[0].what
    assert suggested(found, WarningKind.PERSONAL) == [("drop_columns", {"columns": [name]})]


# Numbers that card networks and banks publish for tests.
CARDS = [
    "4111 1111 1111 1111",
    "5555555555554444",
    "4012888888881881",
    "378282246310005",
    "6011111111111117",
    "5105105105105100",
]
IBANS = [
    "DE89370400440532013000",
    "GB29 NWBK 6016 1331 9268 19",
    "FR1420041010050500013M02606",
    "NL91ABNA0417164300",
    "CH9300762011623852957",
    "AT611904300234573201",
]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("order_number", lambda i: f"4{i * 7919:015}"),
        ("version", lambda i: f"{i % 9}.{i % 7}.{i % 30}.{i % 4}"),
        ("phone_service", lambda i: ("yes", "no", "none", "maybe", "other")[i % 5]),
        ("product_name", lambda i: f"Chair {'ABCDEF'[i % 6]}"),
        ("name", lambda i: ("Oak", "Elm", "Ash", "Fir", "Yew", "Box")[i % 6]),
        ("file name", lambda i: ("a.txt", "b.txt", "c.txt", "d.txt", "e.txt")[i % 5]),
        ("code", lambda i: f"{i % 90 + 10}-{i % 70 + 10}-2{i % 8}"),
        ("mobile", lambda i: ("Android", "iOS", "Windows", "Symbian", "Palm")[i % 5]),
    ],
)
def test_that_what_only_looks_personal_is_not(name: str, value: Any) -> None:
    found = warnings(**{name: [value(i) for i in range(N)], "x": NOISE})
    assert WarningKind.PERSONAL not in {w.kind for w in found}


def test_that_a_name_counts_where_rows_are_people() -> None:
    words = [("Oak", "Elm", "Ash", "Fir", "Yew", "Box")[i % 6] for i in range(N)]
    found = warnings(name=words, age=random.integers(18, 90, N), x=NOISE)
    assert kinds(found) == [(WarningKind.PERSONAL, ("name",))]


def test_that_addresses_inside_texts_are_counted() -> None:
    notes = [f"write to me{i}@here.org" if i % 10 == 3 else f"no {i % 7}" for i in range(N)]
    found = warnings(note=notes, x=NOISE)
    assert "e-mail addresses in 40 of 400 texts (first: row 4)" in found[0].what


def test_that_html_is_named() -> None:
    texts = [f"<p class='x'>{i % 5}</p>" if i % 2 else f"a < {i % 5} > b" for i in range(N)]
    found = warnings(t=texts, x=NOISE)
    assert kinds(found) == [(WarningKind.HTML, ("t",))]
    assert "200 of 400 texts hold HTML (first: row 2)" in found[0].what


def test_that_mixed_dates_are_named_with_every_way() -> None:
    when = [f"{1 + i % 28:02}/12/2024" if i % 4 == 0 else f"2024-12-{1 + i % 28:02}" for i in
            range(N)]  # fmt: skip
    found = warnings(when=when, x=NOISE)
    assert kinds(found) == [(WarningKind.DATES, ("when",))]
    assert "like 2024-12-31 in 300 rows (first: row 2)" in found[0].what
    assert "like 31/12/2024 in 100 rows (first: row 1)" in found[0].what
    assert suggested(found, WarningKind.DATES) == [
        ("parse_date", {"columns": ["when"], "format": "%Y-%m-%d|%d/%m/%Y"})
    ]


def test_that_both_orders_of_day_and_month_are_told_apart() -> None:
    when = [f"{20 + i % 8}/05/24 10:0{i % 9}" if i % 2 else f"05/{20 + i % 8}/24" for i in range(N)]
    found = warnings(when=when, x=NOISE)
    settings = suggested(found, WarningKind.DATES)[0][1]
    assert set(str(settings["format"]).split("|")) == {"%d/%m/%y %H:%M", "%m/%d/%y"}


def test_that_day_and_month_may_be_taken_for_each_other() -> None:
    found = warnings(when=[f"0{1 + i % 9}.0{1 + i % 7}.2024" for i in range(N)], x=NOISE)
    assert "may be read with the day or with the month first" in found[0].what


def test_that_codes_are_no_dates() -> None:
    codes = [f"{i % 90 + 10}-{i % 70 + 32}-{i % 99:02}" for i in range(N)]
    assert warnings(code=[*codes[:30]] * 13 + codes[:10], x=NOISE) == []


def test_that_a_very_rare_class_is_named() -> None:
    found = warnings(fraud=(np.arange(N) == 9).astype(int), x=NOISE)
    assert kinds(found) == [(WarningKind.IMBALANCE, ("fraud",))]
    assert "'1' in 1 of 400 rows (0.25 %)" in found[0].what
    assert warnings(fraud=(np.arange(N) < 9).astype(int), x=NOISE) == []


def test_that_each_fix_is_a_step_of_the_catalogue() -> None:
    rare = np.array([f"name {i // 2}" for i in range(N)])
    mostly = np.where(np.arange(N) < 200, "usual", rare)
    few_there = pa.array(NOISE, mask=np.arange(N) % 4 != 0)
    zeros = random.normal(6, 0.5, N)
    zeros[5] = 0
    found = warnings(3, k=np.ones(N), rare=rare, mostly=mostly, gone=few_there, zeros=zeros)
    steps = [step for w in found if w.suggestion for step in w.suggestion.steps]
    assert [step.kind.value for step in steps] == [
        "drop_duplicates",
        "drop_columns",
        "map_values",
        "drop_columns",
        "drop_columns",
        "group_rare",
    ]
    for step in steps:
        assert set(step.settings) <= {field.name for field in step.kind.form.fields}


def test_that_what_reading_told_gets_a_fix_too() -> None:
    table = pa.table({"n": ["1", "x"] * N, "w": pa.array([1.5, None] * N)})
    profile = Profile(
        2 * N,
        0,
        tuple(
            profile_column(Column(f.name, KINDS[f.type]), table.column(f.name))
            for f in table.schema
        ),
    )
    spoiled = DataWarning(WarningKind.TYPE, ("n",), "", "", "", read_as=(ColumnType.NUMBER,))
    emptied = DataWarning(WarningKind.TYPE, ("w",), "", "", "", read_as=(ColumnType.TEXT,))
    both = DataWarning(WarningKind.DATES, ("n",), "mixed", "", "")
    found = merged(profile, [spoiled, emptied, DataWarning(both.kind, ("n",), "", "", "")], [both])
    assert [w.suggestion.steps[0].kind.value for w in found if w.suggestion] == [
        "parse_number",
        "fill",
    ]
    assert [w.what for w in found if w.kind is WarningKind.DATES] == ["mixed"]


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes", "linnerud"])
def test_that_sound_tables_raise_no_alarm(name: str) -> None:
    frame = getattr(sklearn.datasets, f"load_{name}")(as_frame=True).frame
    found = warnings(**{str(column): frame[column].to_numpy() for column in frame})
    assert found == []


def test_that_the_offered_fix_of_mixed_dates_reads_all_of_them() -> None:
    when = [f"{20 + i % 8}/05/24 10:0{i % 9}" if i % 2 else f"05/{20 + i % 8}/24" for i in range(N)]
    form = str(suggested(warnings(when=when, x=NOISE), WarningKind.DATES)[0][1]["format"])
    read = moments.reader(form)
    assert [read(text).day for text in when if read(text)] == [20 + i % 8 for i in range(N)]
