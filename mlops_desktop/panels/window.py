"""The main window: rail, top bar, status bar and one panel at a time; it knows no panel by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeyEvent,
    QKeySequence,
    QShortcut,
)
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.widgets.buttons import Button
from mlops_desktop.widgets.cards import label
from mlops_desktop.widgets.focus_order import focused, move_focus, reading_order
from mlops_desktop.widgets.icons import set_icon
from mlops_desktop.widgets.palette import Command, CommandPalette
from mlops_desktop.widgets.rail import Place, Rail
from mlops_desktop.widgets.status_bar import StatusBar

__all__ = ["Command", "MainWindow", "Place"]
# What an import reads; any other file can be chosen by Ctrl+O.
_TABLES = (
    *(".csv", ".tsv", ".txt", ".parquet", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
    *(".json", ".jsonl", ".ndjson", ".db", ".sqlite", ".sqlite3", ".arrow", ".feather"),
)


class MainWindow(QMainWindow):
    """Panels are made when first shown. One may have shown(), escape(), focus_filter()
    and help_topic(), the page of help on what it shows now."""

    file_dropped = Signal(str)
    workspace_clicked = Signal()
    help_wanted = Signal(str)
    panel_shown = Signal(str)

    def __init__(self, title: str, places: Sequence[Place]) -> None:
        super().__init__()
        self._places = {place.key: place for place in places}
        self._panels: dict[str, QWidget] = {}
        self._current = ""
        self._own_commands: list[Command] = []
        self.may_close: Callable[[], bool] = lambda: True
        self.setWindowTitle(title)
        self.setAcceptDrops(True)
        self.setMinimumSize(900, 560)
        self.resize(1366, 768)
        self._keys = self._key_names(places)
        self._build(list(places))
        self._bind_keys()
        self.palette_popup.add_source(self._commands)

    def _key_names(self, places: Sequence[Place]) -> dict[str, str]:
        keys = {p.key: f"Ctrl+{n}" for n, p in enumerate((p for p in places if not p.bottom), 1)}
        return keys | {"activity": "Ctrl+J", "settings": "Ctrl+,"}

    def _build(self, places: list[Place]) -> None:
        self.rail = Rail(places, self._keys)
        self.rail.chosen.connect(self.show_panel)
        self.status = StatusBar()
        self._stack = QStackedWidget()
        self._stack.addWidget(QWidget())
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addWidget(self._stack, 1)
        everything = QWidget()
        column = QVBoxLayout(everything)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._top_bar())
        column.addLayout(middle, 1)
        column.addWidget(self.status)
        self.setCentralWidget(everything)
        # Else the first button would open with a focus ring that nobody asked for.
        everything.setFocus()
        self.palette_popup = CommandPalette(self)
        self._drop_hint = _DropHint(self)

    def _top_bar(self) -> QFrame:
        bar = QFrame()
        bar.setProperty("bar", "top")
        bar.setFixedHeight(52)
        self.workspace_button = Button("", "folder-open", clicked=self.workspace_clicked.emit)
        self.workspace_button.setToolTip(self.tr("Switch the workspace"))
        self._search = QPushButton(f" {self.tr('Find or run anything')}")
        self._search.setProperty("kind", "search")
        self._search.setIconSize(QSize(16, 16))
        self._search.setFixedWidth(380)
        set_icon(self._search, "search", "muted")
        self._search.clicked.connect(self.open_palette)
        inside = QHBoxLayout(self._search)
        inside.setContentsMargins(0, 0, 12, 0)
        inside.addStretch(1)
        hint = label("Ctrl K", muted=True)
        hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        inside.addWidget(hint)
        self.top_right = QHBoxLayout()
        self.top_right.setSpacing(8)
        left, right = QWidget(), QWidget()
        left_row, right_row = QHBoxLayout(left), QHBoxLayout(right)
        for row in (left_row, right_row):
            row.setContentsMargins(0, 0, 0, 0)
        left_row.addWidget(self.workspace_button)
        left_row.addStretch(1)
        right_row.addStretch(1)
        right_row.addLayout(self.top_right)
        across = QHBoxLayout(bar)
        across.setContentsMargins(14, 0, 14, 0)
        across.addWidget(left, 1)
        across.addWidget(self._search)
        across.addWidget(right, 1)
        return bar

    def _bind_keys(self) -> None:
        for key, sequence in self._keys.items():
            if key in self._places:
                self._bind(sequence, partial(self.show_panel, key))
        self._bind("Ctrl+K", self.open_palette)
        self._bind("F6", lambda: self._next_pane(1))
        self._bind("Shift+F6", lambda: self._next_pane(-1))
        self._bind("F1", lambda: self.help_wanted.emit(self.help_topic))
        self._bind("Ctrl+F", lambda: self._ask_panel("focus_filter"))
        self._esc = self._bind("Esc", self._escape)

    def _bind(self, sequence: str, slot: Callable[[], object]) -> QShortcut:
        made = QShortcut(QKeySequence(sequence), self)
        made.activated.connect(slot)
        return made

    @property
    def current(self) -> str:
        return self._current

    def panel(self, key: str) -> QWidget:
        """The panel, which is made now if it was not."""
        if key not in self._panels:
            self._panels[key] = self._places[key].make()
            self._stack.addWidget(self._panels[key])
        return self._panels[key]

    def show_panel(self, key: str) -> QWidget:
        panel = self.panel(key)
        self._stack.setCurrentWidget(panel)
        self.rail.set_current(key)
        self._current = key
        self._ask_panel("shown")
        self.panel_shown.emit(key)
        return panel

    def show_first(self, key: str) -> None:
        """Paint the frame at once, and make this panel just after."""
        self.rail.set_current(key)
        self.show()
        QTimer.singleShot(0, self, lambda: self.show_panel(key))

    def set_workspace(self, name: str, tip: str = "") -> None:
        self.workspace_button.setText(f" {name}")
        self.workspace_button.setAccessibleName(self.tr("Workspace {0}").format(name))
        self.workspace_button.setToolTip(tip or self.tr("Switch the workspace"))

    def add_command(self, command: Command) -> None:
        """Put an action into the palette, and bind its shortcut if it has one."""
        self._own_commands.append(command)
        if command.shortcut:
            self._bind(command.shortcut, command.run)

    def open_palette(self) -> None:
        self.palette_popup.open(8)

    def _commands(self) -> list[Command]:
        go = self.tr("Go to {0}")
        places = [
            Command(
                go.format(place.title),
                partial(self.show_panel, key),
                self._keys.get(key, ""),
                place.icon,
            )
            for key, place in self._places.items()
        ]
        return self._own_commands + places

    def _ask_panel(self, method: str) -> None:
        call = getattr(self._panels.get(self._current), method, None)
        if callable(call):
            call()

    @property
    def help_topic(self) -> str:
        """The page of help on what is shown now."""
        ask = getattr(self._panels.get(self._current), "help_topic", None)
        return str(ask()) if ask is not None else self._current

    def _escape(self) -> None:
        """First whoever has the focus and those around it, then the panel."""
        if self.palette_popup.isVisible():
            self.palette_popup.close_palette()
            return
        focus = focused(self)
        pressed = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
        pressed.ignore()
        self._esc.setEnabled(False)  # Else the key would come back here.
        taken = focus is not None and QApplication.sendEvent(focus, pressed)
        self._esc.setEnabled(True)
        if not (taken and pressed.isAccepted()):
            self._ask_panel("escape")

    def _next_pane(self, step: int) -> None:
        panes = [self.rail, self._search, self._stack, self.status]
        focus = self.focusWidget()
        at = next((n for n, pane in enumerate(panes) if _within(focus, pane)), -1)
        pane = panes[(at + step) % len(panes)]
        if isinstance(pane, Rail | StatusBar):
            pane.focus()
        elif pane is self._stack:
            _focus_first(self._stack.currentWidget())
        else:
            pane.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def focusNextPrevChild(self, following: bool) -> bool:  # noqa: N802 - Qt's name
        return move_focus(self, forward=following)

    def closeEvent(self, event: QCloseEvent) -> None:
        event.setAccepted(self.may_close())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped_table(event):
            event.acceptProposedAction()
            self._drop_hint.appear()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop_hint.hide()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop_hint.hide()
        if path := _dropped_table(event):
            event.acceptProposedAction()
            self.file_dropped.emit(path)


class _DropHint(QLabel):
    """Says over everything that letting go imports the file."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setText(self.tr("Drop the file to import it"))
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setProperty("drop", True)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def appear(self) -> None:
        self.setGeometry(self.window().rect().adjusted(12, 12, -12, -12))
        self.show()
        self.raise_()


def _dropped_table(event: QDropEvent) -> str:
    paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
    return next((path for path in paths if Path(path).suffix.lower() in _TABLES), "")


def _within(widget: QWidget | None, pane: QWidget) -> bool:
    return widget is not None and (widget is pane or pane.isAncestorOf(widget))


def _focus_first(panel: QWidget | None) -> None:
    stops = reading_order(panel) if panel is not None else []
    if stops:
        stops[0].setFocus(Qt.FocusReason.ShortcutFocusReason)
