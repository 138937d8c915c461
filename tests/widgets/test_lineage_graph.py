"""The boxes of a lineage: none lies on another, keys lead along the arrows, hashes are copied."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from mlops_desktop.core.lineage import Graph, Kind, Node
from mlops_desktop.widgets.lineage_box import two_lines
from mlops_desktop.widgets.lineage_graph import LineageGraph
from mlops_desktop.widgets.theme import app_theme

_NODES = (
    Node("file:1", Kind.FILE, "/data/<b>rentals</b>.csv", "12 bytes", "ab" * 32),
    Node("data:1", Kind.DATA, "rentals@1", "240 rows", "cd" * 32, ref="rentals@1"),
    Node("runs:1", Kind.RUN, "12 runs", "not registered", count=12),
    Node("run:7", Kind.RUN, "run 7", "Linear", ref="7"),
    Node("model:1", Kind.MODEL, "demand@1", "approved", "ef" * 32, ref="demand@1"),
    Node("deployment:1", Kind.DEPLOYMENT, "live", "running", ref="live"),
)
_EDGES = (
    ("file:1", "data:1"),
    ("data:1", "runs:1"),
    ("data:1", "run:7"),
    ("run:7", "model:1"),
    ("model:1", "deployment:1"),
)


@pytest.fixture
def graph(qtbot: QtBot) -> LineageGraph:
    made = LineageGraph("Lineage")
    qtbot.addWidget(made)
    made.resize(780, 400)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    made.show_graph(Graph(_NODES, _EDGES, frozenset({"data:1"})))
    return made


def box(graph: LineageGraph, key: str) -> QWidget:
    found = graph.findChild(QWidget, f"lineage-{key}")
    assert found is not None, key
    return found


def test_that_no_box_lies_on_another_and_arrows_go_right(graph: LineageGraph) -> None:
    places = {node.key: box(graph, node.key).geometry() for node in _NODES}
    keys = list(places)
    for number, key in enumerate(keys):
        assert not any(places[key].intersects(places[other]) for other in keys[:number])
    assert all(places[a].right() < places[b].left() for a, b in _EDGES)


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("data:1", ("data", "rentals@1")),
        ("run:7", ("train", 7)),
        ("runs:1", ("train", None)),
        ("model:1", ("models", "demand@1")),
        ("deployment:1", ("deploy", "live")),
    ],
)
def test_that_a_box_opens_its_panel(
    graph: LineageGraph, qtbot: QtBot, key: str, place: tuple[str, object]
) -> None:
    box(graph, key).setFocus()
    qtbot.waitUntil(box(graph, key).hasFocus)
    with qtbot.waitSignal(graph.opened) as opened:
        qtbot.keyClick(box(graph, key), Qt.Key.Key_Return)
    assert tuple(opened.args) == place


def test_that_the_arrow_keys_follow_the_arrows_and_say_where_one_is(
    graph: LineageGraph, qtbot: QtBot
) -> None:
    readout = graph.findChild(QLabel, "lineage-readout")
    assert readout is not None
    at = "file:1"
    for key, there in (
        (Qt.Key.Key_Right, "rentals@1"),
        (Qt.Key.Key_Right, "run 7"),
        (Qt.Key.Key_Down, "12 runs"),
        (Qt.Key.Key_Up, "run 7"),
        (Qt.Key.Key_Left, "rentals@1"),
    ):
        qtbot.keyClick(box(graph, at), key)
        at = next(node.key for node in _NODES if node.title == there)
        qtbot.waitUntil(lambda there=there: f", {there}," in readout.text())  # type: ignore[misc]


def test_that_a_hash_is_copied_whole(graph: LineageGraph, qtbot: QtBot) -> None:
    button = box(graph, "model:1").findChild(QToolButton)
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == "ef" * 32


def test_that_names_are_shown_as_they_are(graph: LineageGraph) -> None:
    file = box(graph, "file:1")
    assert "&lt;b&gt;rentals" in file.toolTip()
    assert file.accessibleName() == "File /data/<b>rentals</b>.csv, 12 bytes"


def test_that_a_long_detail_takes_two_lines_and_no_word_is_lost(qtbot: QtBot) -> None:
    app_theme()
    metrics = QFontMetrics(app_theme().font(9))
    text = "Gradient boosting, target cnt, RMSE 69.94"
    width = metrics.horizontalAdvance("Gradient boosting, target")
    lines = two_lines(text, metrics, width)
    assert len(lines) == 2
    assert " ".join(lines) == text
    assert metrics.horizontalAdvance(lines[0]) <= width
    assert two_lines("running", metrics, width) == ("running",)
    assert two_lines("x" * 90, metrics, width) == ("x" * 90,)


def test_that_boxes_are_wide_enough_to_be_read(graph: LineageGraph) -> None:
    graph.resize(500, 400)
    assert min(box(graph, node.key).width() for node in _NODES) >= 160


def test_that_another_graph_takes_the_place(graph: LineageGraph) -> None:
    graph.show_graph(Graph(_NODES[:2], _EDGES[:1], frozenset({"data:1"})))
    assert len(graph.table.rows()) == 2
    assert graph.findChild(QWidget, "lineage-data:1") is not None


def test_that_of_a_very_large_graph_the_near_part_is_drawn_at_once(graph: LineageGraph) -> None:
    nodes = tuple(Node(f"data:{n}", Kind.DATA, f"day@{n}", ref=f"day@{n}") for n in range(600))
    edges = tuple((f"data:{n}", f"data:{n + 1}") for n in range(599))
    graph.show_graph(Graph(nodes, edges, frozenset({"data:300"})))
    assert len(graph.table.rows()) == 600
    assert box(graph, "data:310").isVisible()
    assert all(not old.isVisible() for old in graph.findChildren(QWidget, "lineage-data:1"))
    more = graph.findChild(QLabel, "lineage-more")
    assert more is not None
    assert more.text().startswith("560 things farther away")
