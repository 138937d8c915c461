"""Names, references and time-ordered ids."""

from __future__ import annotations

import pytest

from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import Ref, checked_name, is_sha256, uuid7


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bike", Ref("bike")),
        ("bike@3", Ref("bike", version=3)),
        ("bike@v3", Ref("bike", version=3)),
        ("demand@champion", Ref("demand", alias="champion")),
        ("demand@victor", Ref("demand", alias="victor")),
    ],
)
def test_that_a_reference_is_read_as_a_user_means_it(text: str, expected: Ref) -> None:
    assert Ref.parse(text) == expected


@pytest.mark.parametrize("text", ["@3", "bike@"])
def test_that_half_a_reference_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="NAME@3"):
        Ref.parse(text)


@pytest.mark.parametrize(
    "name", ["", "  ", "../up", "a/b", "a\\b", "a\0b", "a@b", "-x", ".x", "a?b", "a#b", "x" * 81]
)
def test_that_a_name_that_could_become_a_path_or_option_is_refused(name: str) -> None:
    with pytest.raises(UserError):
        checked_name(name, "dataset")


def test_that_unicode_twins_of_a_name_are_one_name() -> None:
    assert checked_name("e\u0301t\u00e9", "dataset") == checked_name("\u00e9te\u0301", "dataset")


def test_that_ids_sort_by_the_time_they_were_made() -> None:
    ids = [uuid7() for _ in range(50)]
    assert [i[:13] for i in ids] == sorted(i[:13] for i in ids)
    assert len(set(ids)) == 50
    assert all(i[14] == "7" for i in ids)


@pytest.mark.parametrize("text", ["", "../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_that_nothing_but_a_sha256_names_a_blob(text: str) -> None:
    assert not is_sha256(text)
