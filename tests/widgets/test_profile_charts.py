"""Matrices, boxes, gaps and cards of columns: what they show, tell and answer to keys."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.profile import (
    Box,
    ColumnProfile,
    GapPattern,
    Gaps,
    Numbers,
    TargetSplit,
    TopValue,
)
from mlops_desktop.widgets import profile_face, shift_list
from mlops_desktop.widgets.box_plot import BoxPlot
from mlops_desktop.widgets.gap_chart import GapChart
from mlops_desktop.widgets.matrix_map import MatrixMap
from mlops_desktop.widgets.profile_view import ProfileView
from mlops_desktop.widgets.share_list import ShareList
from mlops_desktop.widgets.theme import app_theme

GAPS = Gaps(
    100,
    False,
    ("a", "b"),
    (30, 20),
    (GapPattern((), 70), GapPattern((0, 1), 20), GapPattern((0,), 8)),
    1,
    2,
    ((), (0.5,)),
)
WORDS = ColumnProfile(
    "word",
    ColumnType.TEXT,
    100,
    0,
    3,
    top=(TopValue("x", 60), TopValue("y", 30), TopValue("z", 10)),
    shortest=1,
    longest=1,
    mean_length=1.0,
)
SIZES = ColumnProfile(
    "size",
    ColumnType.NUMBER,
    100,
    5,
    90,
    numbers=Numbers(0, 4, 2, 1, (0, 0, 1, 2, 3, 4, 4), (0, 2, 4), (40, 55)),
)


def shown(qtbot: QtBot, widget: QWidget) -> QImage:
    qtbot.addWidget(widget)
    widget.resize(500, 360)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget.grab().toImage()


def colors(image: QImage) -> set[str]:
    return {
        image.pixelColor(x, y).name()
        for x in range(0, image.width(), 2)
        for y in range(0, image.height(), 2)
    }


def test_that_a_matrix_tells_of_its_cells(qtbot: QtBot):
    matrix = MatrixMap("Correlations", lambda row, column: f"{row} with {column}")
    matrix.set_values(["a", "b"], ["a", "b"], np.array([[1.0, -0.5], [-0.5, np.nan]]))
    shown(qtbot, matrix)
    clicked: list[tuple[int, int]] = []
    matrix.cell_clicked.connect(lambda row, column: clicked.append((row, column)))
    face = matrix._face
    qtbot.keyClick(face, Qt.Key.Key_Right)
    assert matrix.readout.toolTip() == "0 with 1"
    qtbot.keyClick(face, Qt.Key.Key_Return)
    cell = face.cell(1, 0).center().toPoint()
    qtbot.mouseClick(face, Qt.MouseButton.LeftButton, pos=cell)
    assert clicked == [(0, 1), (1, 0)]
    assert matrix.table() == (["column", "a", "b"], [("a", 1.0, -0.5), ("b", -0.5, None)])


def test_that_a_matrix_of_many_rows_stays_legible(qtbot: QtBot):
    matrix = MatrixMap("Correlations", lambda _row, _column: "")
    names = [f"column {n}" for n in range(60)]
    matrix.set_values(names, names, np.eye(60))
    shown(qtbot, matrix)
    assert matrix._face.minimumHeight() > 60 * 12


def test_that_boxes_are_a_table_too(qtbot: QtBot):
    plot = BoxPlot("price by cut")
    plot.set_boxes([Box("good", 10, (1.0, 2.0, 3.0, 4.0, 5.0))], "cut", "price (EUR)")
    assert app_theme().series(0).name() in colors(shown(qtbot, plot))
    titles, rows = plot.table()
    assert titles[0] == "cut"
    assert rows == [("good", 10, 1.0, 2.0, 3.0, 4.0, 5.0)]
    assert "good: 3" in plot._face.accessibleDescription()


def test_that_gaps_are_drawn_and_listed(qtbot: QtBot):
    chart = GapChart("Missing together")
    chart.set_gaps(GAPS, 100)
    assert app_theme().series(1).name() in colors(shown(qtbot, chart))
    assert chart.table()[1] == [
        ("nothing missing", 0, 70),
        ("a, b", 2, 20),
        ("a", 1, 8),
        ("1 other patterns", None, 2),
    ]


def test_that_a_card_is_split_by_classes(qtbot: QtBot):
    view = ProfileView("Columns")
    view.set_columns([WORDS, SIZES], {})
    plain = colors(shown(qtbot, view))
    assert app_theme().series(1).name() not in plain
    view.set_splits(
        {
            "word": TargetSplit("word", "y", ("no", "yes"), ((50, 20, 0, 0), (10, 10, 10, 0))),
            "size": TargetSplit("size", "y", ("no", "yes"), ((20, 50), (20, 5))),
        }
    )
    assert app_theme().series(1).name() in colors(view.grab().toImage())
    view.set_splits({"size": TargetSplit("size", "y", (), ((40, 55),), (1.5, None))})
    view.grab()


def test_that_a_chosen_card_is_told(qtbot: QtBot):
    view = ProfileView("Columns")
    view.set_columns([WORDS, SIZES], {"size": "outliers"})
    shown(qtbot, view)
    told: list[str] = []
    view.chosen.connect(told.append)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert told[0] == "word"
    assert told[-1] == "size"


def test_that_a_card_in_words_has_its_unit_and_lengths():
    assert profile_face.words(SIZES, "mm") == (
        "size, number, 90 values, 5 missing (5 %), 0 to 4 mm, median 2"
    )
    assert profile_face.words(WORDS).endswith("1 character")


def test_that_shares_are_told_to_screen_readers(qtbot: QtBot):
    shares = ShareList("Most frequent")
    shares.set_shares([("x", 60, 0.6), ("", 40, 0.4)])
    shown(qtbot, shares)
    assert shares.accessibleDescription() == "x 60;  40"


def test_that_a_bar_that_holds_what_is_far_out_is_named_by_where_it_begins():
    even = (0.0, 1.0, 2.0, 3.0, 4.0)
    assert shift_list._ends(ColumnType.NUMBER, even) == ("0", "4")
    assert shift_list._ends(ColumnType.NUMBER, (-90.0, *even[1:])) == ("< 1", "4")
    assert shift_list._ends(ColumnType.NUMBER, (*even[:-1], 31.8)) == ("0", "> 3")
    assert shift_list._ends(ColumnType.NUMBER, (2.0, 9.0)) == ("2", "9")
