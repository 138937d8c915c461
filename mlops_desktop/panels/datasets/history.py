"""The versions of a dataset down a line, and what can be done with each: tag, note, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import PurePath

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from mlops_desktop.actions import versions as actions
from mlops_desktop.core.answers import Answer, key_of
from mlops_desktop.core.checks import CheckSummary
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.versions import Use, in_words
from mlops_desktop.widgets.banner import Banner
from mlops_desktop.widgets.buttons import Button, IconButton, danger
from mlops_desktop.widgets.cards import Card, label
from mlops_desktop.widgets.inline_ask import InlineAsk
from mlops_desktop.widgets.row_model import Kind
from mlops_desktop.widgets.timeline import Timeline, TimelineEntry
from mlops_desktop.widgets.times import ago
from mlops_desktop.work.jobs import Jobs

_WIDTH = 288


class VersionHistory(Card):
    """asks: the questions that the menu leads to, for the panel to place above the version.

    chosen, train_wanted, export_wanted and compare_wanted carry a reference. undoable carries what
    was done, and a function that undoes it.
    """

    chosen = Signal(str)
    train_wanted = Signal(str)
    export_wanted = Signal(str)
    compare_wanted = Signal(str)
    failed = Signal(object)
    toast = Signal(str)
    undoable = Signal(str, object)
    bin_wanted = Signal()

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self._versions: dict[str, DatasetVersion] = {}
        self._doomed = ""
        self.body.setContentsMargins(4, 4, 4, 4)
        self.setFixedWidth(_WIDTH)
        self.timeline = Timeline(self.tr("Versions"))
        self.timeline.setObjectName("dataset-versions")
        self.timeline.chosen.connect(self._on_chosen)
        self.timeline.menu_wanted.connect(lambda ref, at: self.menu(ref).popup(at))
        self._more = IconButton("ellipsis", self.tr("What can be done with this version (Menu)"))
        self._more.setObjectName("version-menu")
        self._more.clicked.connect(self._open_menu)
        self.header.setContentsMargins(8, 0, 4, 0)
        self.header.addWidget(label(self.tr("Versions"), muted=True), 1)
        self.header.addWidget(self._more)
        self.body.addLayout(self.header)
        self.add(self.timeline)
        self.asks = self._build_asks()

    def _build_asks(self) -> tuple[QWidget, ...]:
        self._tag = InlineAsk(self.tr("Tag"), self.tr("Tag"), self.tr("such as golden"))
        self._tag.line.setObjectName("tag-name")
        self._tag.answered.connect(self._set_tag)
        self._note = InlineAsk(
            self.tr("Note"), self.tr("Save"), self.tr("What others should know about this version")
        )
        self._note.line.setObjectName("note-text")
        self._note.answered.connect(self._set_note)
        really = danger(self.tr("Delete it all the same"), "", self._force)
        really.setObjectName("delete-anyway")
        self._used = Banner(
            "warn", "", [really, Button(self.tr("Keep it"), clicked=self.close_asks)]
        )
        self._used.hide()
        return self._tag, self._note, self._used

    def show_versions(
        self,
        versions: Sequence[DatasetVersion],
        answers: Mapping[str, Answer],
        checked: Mapping[int, CheckSummary],
        chosen: str,
    ) -> None:
        """checked: how versions did in their checks, by number."""
        self._versions = {version.ref: version for version in versions}
        self.timeline.set_entries(
            [self._entry(v, answers, checked.get(v.version)) for v in versions]
        )
        self.timeline.choose(chosen)

    def close_asks(self) -> None:
        for ask in self.asks:
            ask.hide()

    def menu(self, ref: str) -> QMenu:
        """What can be done with a version."""
        version = self._versions[ref]
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._item(menu, "version-tag", self.tr("Tag\u2026"), self._ask_tag)
        for tag in version.tags:
            text = self.tr("Remove the tag {0}").format(tag)
            self._item(menu, "version-untag", text, partial(self._remove_tag, tag))
        self._item(menu, "version-note", self.tr("Note\u2026"), self._ask_note)
        if version.note:
            remove = partial(self._set_note, "")
            self._item(menu, "version-unnote", self.tr("Remove the note"), remove)
        menu.addSeparator()
        others = [other for other in self._versions if other != ref]
        if others:
            compare = menu.addMenu(self.tr("Compare with"))
            for other in others:
                show = partial(self.compare_wanted.emit, other)
                self._item(compare, "version-compare", other, show)
        train, export = self.train_wanted, self.export_wanted
        self._item(menu, "version-train", self.tr("Train on this"), partial(train.emit, ref))
        self._item(menu, "version-export", self.tr("Export\u2026"), partial(export.emit, ref))
        menu.addSeparator()
        self._item(menu, "version-delete", self.tr("Delete"), partial(self._delete, ref))
        if len(self._versions) > 1:
            every = self.tr("Delete all versions of {0}").format(version.dataset)
            self._item(menu, "dataset-delete", every, partial(self._delete, version.dataset))
        self._item(menu, "show-bin", self.tr("Show the bin"), self.bin_wanted.emit)
        return menu

    def _item(self, menu: QMenu, name: str, text: str, run: Callable[[], object]) -> None:
        action = QAction(text, menu)
        action.setObjectName(name)
        action.triggered.connect(lambda: run())  # noqa: PLW0108 - Qt's `checked` ends here
        menu.addAction(action)

    def _open_menu(self) -> None:
        if (ref := self.timeline.current()) in self._versions:
            self.menu(ref).popup(self._more.mapToGlobal(QPoint(0, self._more.height())))

    def _on_chosen(self, ref: str) -> None:
        self.close_asks()
        self.failed.emit(None)
        self.chosen.emit(ref)

    def _ask_tag(self) -> None:
        self.close_asks()
        self._tag.ask()

    def _ask_note(self) -> None:
        self.close_asks()
        self._note.ask()
        self._note.line.setText(self._versions[self.timeline.current()].note)

    def _set_tag(self, tag: str) -> None:
        ref = self.timeline.current()
        self._run(
            lambda store: actions.tag(store, ref, tag),
            self.tr("{0} is tagged {1}.").format(ref, tag),
        )

    def _remove_tag(self, tag: str) -> None:
        ref = self.timeline.current()
        name = self._versions[ref].dataset
        self._jobs.run(
            self,
            lambda store: actions.remove_tag(store, name, tag),
            lambda _: self.undoable.emit(
                self.tr("{0} is no longer tagged {1}.").format(ref, tag),
                lambda: self._jobs.run(self, lambda store: actions.tag(store, ref, tag)),
            ),
            self.failed.emit,
        )

    def _set_note(self, text: str) -> None:
        ref = self.timeline.current()
        said = self.tr("The note of {0} is saved.") if text else self.tr("{0} has no note now.")
        self._run(lambda store: actions.note(store, ref, text), said.format(ref))

    def _run(self, work: Callable[..., object], said: str) -> None:
        def done(_: object) -> None:
            self.close_asks()
            self.failed.emit(None)
            self.toast.emit(said)

        self._jobs.run(self, work, done, self.failed.emit)

    def _delete(self, name: str) -> None:
        """At once where nothing uses it, since it can be undone; else say what does.

        name: a version's reference, or a dataset's name for all its versions.
        """
        self.close_asks()
        self._jobs.run(
            self,
            lambda store: actions.uses(store, name),
            lambda uses: self._delete_used(name, uses),
            self.failed.emit,
        )

    def _delete_used(self, name: str, uses: list[Use]) -> None:
        if not uses or any(use.binding for use in uses):
            self._really_delete(name, force=False)  # Where something binds it, that says so.
            return
        self._doomed = name
        self._used.say(
            self.tr("{0} is used by {1}.").format(name, in_words(uses)),
            self.tr("It goes to the bin, and can be restored until the next clean-up."),
        )
        self._used.show()

    def _force(self) -> None:
        self._really_delete(self._doomed, force=True)

    def _really_delete(self, name: str, *, force: bool) -> None:
        self.close_asks()
        self.failed.emit(None)

        def undo() -> None:
            self._jobs.run(self, lambda store: actions.restore(store, name), None, self.failed.emit)

        self._jobs.run(
            self,
            lambda store: actions.delete(store, name, force=force),
            lambda _: self.undoable.emit(self.tr("Deleted {0}.").format(name), undo),
            self.failed.emit,
        )

    def _entry(
        self,
        version: DatasetVersion,
        answers: Mapping[str, Answer],
        checked: CheckSummary | None,
    ) -> TimelineEntry:
        source = version.source
        file = PurePath(source.path).name if source.path else source.kind
        said = version.note or version.message or file
        asked = [w for w in version.warnings if key_of(w) not in answers]
        words = self.tr("1 warning") if len(asked) == 1 else self.tr("{0} warnings")
        chips: list[tuple[str, Kind]] = []
        if checked is not None and checked.failed:  # There is room for one of the two.
            one, many = self.tr("checks: 1 fails"), self.tr("checks: {0} fail")
            text = one if checked.failed == 1 else many.format(checked.failed)
            chips.append((text, "error" if checked.blocked else "warn"))
        elif asked:
            chips.append((words.format(len(asked)), "warn"))
        rows = self.tr("1 row") if version.rows == 1 else self.tr("{0} rows")
        who = self.tr("{0} by {1}").format(ago(version.created_at), version.by)
        return TimelineEntry(
            version.ref,
            f"v{version.version}",
            tuple(chips),
            rows.format(f"{version.rows:,}"),
            f"{who if version.by else ago(version.created_at)}: {said}",
            tuple((tag, "info") for tag in version.tags),
        )
