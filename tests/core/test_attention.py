"""What needs somebody now: everything is told, the most harmful first."""

from __future__ import annotations

from mlops_desktop.core.attention import BlockedVersion, OpenAlerts, Troubles, attention
from mlops_desktop.core.home import Tone
from mlops_desktop.core.monitoring import AlertKind
from mlops_desktop.core.places import DataPlace

ALL = Troubles(
    failed=(("demand", "Out of memory."),),
    alerts=(
        OpenAlerts("demand", AlertKind.DRIFT, 3, "hum has drifted"),
        OpenAlerts("demand", AlertKind.ERROR, 1, "The error has grown: RMSE 117, limit 89.3."),
    ),
    blocked=(BlockedVersion("bike@2", 2, "age lies between 0 and 100: 2 of 120 rows break it."),),
)


def test_that_no_answers_come_before_wrong_ones_and_those_before_what_may_make_them_wrong() -> None:
    found = attention(ALL)
    assert [(one.title, one.panel, one.thing) for one in found] == [
        ("demand is not serving", "deploy", "demand"),
        ("demand answers badly", "monitor", "demand"),
        ("bike@2 is blocked by 2 checks", "data", DataPlace("bike@2", "checks")),
        ("demand gets other data than it was made of", "monitor", "demand"),
    ]
    assert [one.tone for one in found] == [Tone.ERROR, Tone.ERROR, Tone.ERROR, Tone.WARN]


def test_that_each_says_why_and_what_its_button_does() -> None:
    found = attention(ALL)
    assert "nobody gets answers. Out of memory." in found[0].why
    assert found[2].why.startswith("age lies between 0 and 100: 2 of 120 rows break it.")
    assert found[3].why == "hum has drifted (and 2 more)"
    assert all(one.button for one in found)


def test_that_where_nothing_is_wrong_nothing_needs_attention() -> None:
    assert attention(Troubles()) == ()
