"""The one style sheet: what Fusion and a palette cannot say about buttons, fields and cards."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor

from mlops_desktop.resources import resource

if TYPE_CHECKING:
    from mlops_desktop.widgets.theme import Theme

_SHEET = Template("""
QPushButton, QToolButton { background: $surface; color: $text; border: 1px solid $control;
  border-radius: 6px; padding: 0 12px; min-height: 30px; }
QPushButton:hover, QToolButton:hover { background: $hover; }
QPushButton:pressed, QToolButton:pressed, QToolButton:checked { background: $selection; }
QPushButton:disabled, QToolButton:disabled { color: $faint; border-color: $divider;
  background: $surface; }
QPushButton:focus, QToolButton:focus { border: 2px solid $accent; padding: 0 11px;
  min-height: 28px; }
QPushButton[kind="primary"] { background: $accent; color: $on_accent; border-color: $accent;
  font-weight: 600; }
QPushButton[kind="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[kind="primary"]:focus { border-color: $text; }
QPushButton[kind="primary"]:disabled { background: $divider; color: $muted;
  border-color: $divider; }
QPushButton[kind="danger"] { color: $error; border-color: $error; }
QPushButton[kind="danger"]:hover { background: $error_tint; }
QPushButton[kind="link"] { border: 1px solid transparent; background: transparent;
  color: $accent; padding: 0 4px; }
QPushButton[kind="link"]:hover { text-decoration: underline; }
QPushButton[kind="link"][inline="true"] { min-height: 20px; padding: 0; border: none; }
QPushButton[kind="link"]:focus { border: 1px solid $accent; border-radius: 4px; }
QPushButton[kind="link"][inline="true"]:focus { border: 1px solid $accent; }
QToolButton[kind="icon"], QPushButton[kind="quiet"] { border: 1px solid transparent;
  background: transparent; }
QToolButton[kind="icon"] { padding: 0; min-width: 30px; }
QToolButton[kind="icon"]:focus { border: 2px solid $accent; padding: 0; min-width: 28px;
  min-height: 28px; }
QToolButton[kind="icon"][small="true"], QToolButton[kind="icon"][small="true"]:focus {
  min-width: 18px; min-height: 18px; }
QToolButton[kind="icon"]:checked { background: $selection; }
QToolButton[kind="icon"]:hover, QPushButton[kind="quiet"]:hover { background: $hover; }
QPushButton[kind="quiet"]:focus { border: 2px solid $accent; }
QPushButton[kind="chip"] { background: $selection; border: 1px solid transparent;
  border-radius: 13px; padding: 0 10px; min-height: 24px; }
QPushButton[kind="chip"]:hover { border-color: $control; }
QPushButton[kind="chip"]:focus { border: 2px solid $accent; padding: 0 9px; min-height: 22px; }
QToolButton[kind="icon"]::menu-indicator { image: none; width: 0; }
QToolButton::menu-indicator, QPushButton::menu-indicator { image: url("$down"); width: 12px;
  height: 12px; subcontrol-position: right center; right: 8px; }
QPushButton[kind="primary"]::menu-indicator { image: url("$other_down"); }
QPushButton[menu="true"] { padding-right: 26px; }

QLineEdit { lineedit-clear-button-icon: url("$clear"); placeholder-text-color: $muted; }
QLineEdit, QComboBox, QAbstractSpinBox { background: $field; color: $text;
  border: 1px solid $control; border-radius: 6px; padding: 0 10px; min-height: 30px;
  selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:focus, QComboBox:focus, QAbstractSpinBox:focus { border: 2px solid $accent;
  padding: 0 9px; min-height: 28px; }
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled { color: $faint;
  border-color: $divider; }
QLineEdit QToolButton, QLineEdit QToolButton:hover, QLineEdit QToolButton:pressed,
QLineEdit QToolButton:focus { border: none; background: transparent; padding: 0; min-height: 0; }
QLineEdit[wrong="true"], QComboBox[wrong="true"], QAbstractSpinBox[wrong="true"] {
  border-color: $error; }
QLineEdit[filter="true"] { min-height: 22px; padding: 0 6px; border-radius: 4px; }
QLineEdit[filter="true"]:focus { min-height: 20px; padding: 0 5px; }
QAbstractSpinBox { padding-left: 0; }
QAbstractSpinBox:focus { padding-left: 0; }
QLineEdit#qt_spinbox_lineedit, QLineEdit#qt_spinbox_lineedit:focus { border: none;
  background: transparent; padding: 0; margin-left: 10px; min-height: 0; }
QComboBox::drop-down { border: none; width: 26px; }
QComboBox::down-arrow { image: url("$down"); width: 14px; height: 14px; }
QComboBox { combobox-popup: 0; }
QComboBox QAbstractItemView { background: $surface; border: 1px solid $control; outline: 0;
  padding: 4px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: none; width: 22px;
  background: transparent; subcontrol-origin: border; }
QAbstractSpinBox::up-button { subcontrol-position: top right; margin: 3px 4px 0 0; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; margin: 0 4px 3px 0; }
QAbstractSpinBox::up-arrow { image: url("$up"); width: 12px; height: 12px; }
QAbstractSpinBox::down-arrow { image: url("$down"); width: 12px; height: 12px; }
QPlainTextEdit, QTextEdit, QTextBrowser, QListView, QTreeView, QTableView {
  background: $surface; border: 1px solid $divider; border-radius: 6px;
  selection-background-color: $selection; selection-color: $text; }
QPlainTextEdit:focus, QTextEdit:focus, QListView:focus, QTreeView:focus, QTableView:focus {
  border: 1px solid $accent; }
QTableView[bare="true"], QListView[bare="true"], QTreeView[bare="true"] {
  border-color: transparent; }
QTableView[bare="true"]:focus, QListView[bare="true"]:focus, QTreeView[bare="true"]:focus {
  border-color: $accent; }
QTableCornerButton::section { background: $surface; border: none; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QTreeView::indicator, QListView::indicator { width: 14px; height: 14px; border: 1px solid $control;
  background: $field; border-radius: 4px; }
QTreeView::indicator:checked, QListView::indicator:checked {
  background: $accent; border-color: $accent; image: url("$tick"); }
QHeaderView { background: $surface; border: none; }
QHeaderView::section { background: $surface; color: $muted; border: none; font-weight: 600;
  border-bottom: 1px solid $divider; padding: 0 8px; min-height: 30px; }
QHeaderView::section:vertical { font-weight: 400; border-bottom: none; padding: 0 8px; }

QFrame[card="true"] { background: $surface; border: 1px solid $divider; border-radius: 6px; }
QFrame[card="true"][clickable="true"]:hover { border-color: $control; }
QFrame[card="true"][chosen="true"] { border: 1px solid $accent; background: $selection; }
QFrame[card="true"]:focus { border: 2px solid $accent; }
QLabel[muted="true"], QCheckBox[muted="true"] { color: $muted; }
QLabel[token="error"] { color: $error; }
QLabel[token="warn"] { color: $warn; }
QLabel[token="ok"] { color: $ok; }

QFrame[bar="top"] { background: $surface; border: none; border-bottom: 1px solid $divider; }
QFrame[bar="bottom"] { background: $surface; border: none; border-top: 1px solid $divider; }
QFrame[bar="left"] { background: $surface; border: none; border-right: 1px solid $divider; }
QLabel[drop="true"] { background: $drop; color: $accent; border: 2px dashed $accent;
  border-radius: 12px; font-size: 16pt; font-weight: 600; }
QFrame[popup="true"] { background: $surface; border: 1px solid $control; border-radius: 8px; }
QPushButton[kind="search"] { background: $background; color: $muted; text-align: left; }
QPushButton[kind="search"]:hover { background: $hover; }
QPushButton[kind="status"] { border: 1px solid transparent; background: transparent;
  border-radius: 4px; min-height: 20px; padding: 0 6px; }
QPushButton[kind="status"]:hover { background: $hover; }
QPushButton[kind="status"]:focus { border: 2px solid $accent; padding: 0 5px; min-height: 18px; }
QPushButton[token="warn"] { color: $warn; font-weight: 600; }
QPushButton[token="error"] { color: $error; font-weight: 600; }

QCheckBox, QRadioButton { spacing: 8px; min-height: 24px; }
QCheckBox::indicator, QRadioButton::indicator { width: 14px; height: 14px;
  border: 1px solid $control; background: $field; border-radius: 4px; }
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; image: url("$tick"); }
QCheckBox::indicator:indeterminate { background: $accent; border: 4px solid $field;
  width: 8px; height: 8px; }
QRadioButton::indicator:checked { border: 5px solid $accent; width: 6px; height: 6px; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border: 2px solid $text;
  width: 12px; height: 12px; }
QRadioButton::indicator:checked:focus { border: 5px solid $text; width: 6px; height: 6px; }
QCheckBox:focus, QRadioButton:focus { color: $accent; }
QCheckBox:disabled, QRadioButton:disabled { color: $faint; }

QProgressBar { background: $divider; border: none; border-radius: 3px; max-height: 6px;
  min-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QScrollArea, QStackedWidget { border: none; background: transparent; }
QScrollArea > QWidget > QWidget[page="true"] { background: transparent; }
QScrollBar { background: transparent; border: none; }
QScrollBar:vertical { width: 12px; }
QScrollBar:horizontal { height: 12px; }
QScrollBar::handle { background: $thumb; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $control; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSplitter::handle { background: transparent; }
QSplitter::handle:hover { background: $divider; }
QMenu { background: $surface; border: 1px solid $control; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 12px; border-radius: 4px; }
QMenu::icon { padding-left: 8px; }
QMenu::item:selected { background: $selection; color: $text; }
QMenu::item:disabled { color: $faint; }
QMenu::separator { height: 1px; background: $divider; margin: 4px 8px; }
QToolTip { background: $surface; color: $text; border: 1px solid $control; padding: 4px 6px; }
""")


def mixed(over: QColor, under: QColor, share: float) -> QColor:
    """over painted on under with an opacity of share in 0..1."""
    return QColor.fromRgbF(
        over.redF() * share + under.redF() * (1 - share),
        over.greenF() * share + under.greenF() * (1 - share),
        over.blueF() * share + under.blueF() * (1 - share),
    )


def style_sheet(theme: Theme) -> str:
    """The sheet in the theme's colours."""
    tokens = theme.tokens
    names = (
        "background",
        "surface",
        "text",
        "muted",
        "divider",
        "accent",
        "on_accent",
        "selection",
    )
    colors = {name: str(getattr(tokens, name)) for name in (*names, "ok", "warn", "error")}
    text, surface = theme.color("text"), theme.color("surface")
    return _SHEET.substitute(
        colors,
        control=tokens.border,
        field=tokens.background if theme.is_dark else tokens.surface,
        hover=mixed(text, surface, 0.06).name(),
        faint=mixed(theme.color("muted"), surface, 0.65).name(),
        thumb=mixed(theme.color("border"), surface, 0.55).name(),
        accent_hover=mixed(text, theme.color("accent"), 0.15).name(),
        drop=f"rgba({theme.color('selection').red()}, {theme.color('selection').green()}, "
        f"{theme.color('selection').blue()}, 220)",
        error_tint=theme.tint("error").name(),
        down=resource("icons", f"arrow-down-{tokens.name}.svg").as_posix(),
        # On the accent colour, which is dark in the light theme and light in the dark one.
        other_down=resource(
            "icons", f"arrow-down-{'light' if theme.is_dark else 'dark'}.svg"
        ).as_posix(),
        clear=resource("icons", f"clear-{tokens.name}.svg").as_posix(),
        tick=resource("icons", f"tick-{tokens.name}.svg").as_posix(),
        up=resource("icons", f"arrow-up-{tokens.name}.svg").as_posix(),
    )
