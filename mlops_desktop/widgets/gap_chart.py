"""Which columns are missing together: a row of dots for each pattern, and how many rows have it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from mlops_desktop.core.figures import percent
from mlops_desktop.core.profile import Gaps
from mlops_desktop.widgets.plot_card import PlotCard
from mlops_desktop.widgets.sheet import mixed
from mlops_desktop.widgets.theme import Theme, app_theme

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_ROW, _MOST_HEAD, _BAR, _COUNT = 24, 110, 140, 116
_PITCH = (14.0, 44.0)
_SHARE_HEIGHT = 30


class GapChart(PlotCard):
    """As UpSet plots show sets (Lex et al., 2014): a filled dot is a missing value."""

    def __init__(self, title: str) -> None:
        self._gaps: Gaps | None = None
        self._of = 0
        super().__init__(title)
        self._face = _Dots()
        self.set_chart(self._face)

    def set_gaps(self, gaps: Gaps, rows: int) -> None:
        """rows: of the whole table."""
        self._gaps, self._of = gaps, rows
        self.touch()

    def table(self) -> tuple[Sequence[str], Sequence[tuple[object, ...]]]:
        titles = [self.tr("missing together"), self.tr("columns"), self.tr("rows")]
        if self._gaps is None:
            return titles, []
        names = self._gaps.columns
        rows: list[tuple[object, ...]] = [
            (
                ", ".join(names[at] for at in pattern.columns) or self.tr("nothing missing"),
                len(pattern.columns),
                pattern.rows,
            )
            for pattern in self._gaps.patterns
        ]
        if self._gaps.other_rows:
            words = self.tr("{0} other patterns").format(f"{self._gaps.other_patterns:,}")
            rows.append((words, None, self._gaps.other_rows))
        return titles, rows

    def redraw(self) -> None:
        if self._gaps is not None:
            self._face.show_gaps(self._gaps, self._of)


class _Dots(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._gaps: Gaps | None = None
        self._of = 1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_gaps(self, gaps: Gaps, rows: int) -> None:
        self._gaps, self._of = gaps, max(1, rows)
        self.setAccessibleDescription(
            "; ".join(
                f"{name} {missing:,}"
                for name, missing in zip(gaps.columns[:12], gaps.missing, strict=False)
            )
        )
        self.setMinimumHeight(self._head() + _ROW * self._lines() + 8)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(480, self.minimumHeight())

    def _lines(self) -> int:
        if self._gaps is None:
            return 0
        return len(self._gaps.patterns) + bool(self._gaps.other_rows)

    def _head(self) -> int:
        assert self._gaps is not None
        metrics = QFontMetrics(app_theme().font(9))
        widest = max((metrics.horizontalAdvance(n) for n in self._gaps.columns), default=0)
        return min(_MOST_HEAD, widest) + _SHARE_HEIGHT + 14

    def paintEvent(self, _: QPaintEvent) -> None:
        gaps = self._gaps
        if gaps is None:
            return
        theme, painter = app_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(9))
        room = self.width() - _BAR - _COUNT - 24
        pitch = max(_PITCH[0], min(_PITCH[1], room / max(1, len(gaps.columns))))
        shown = min(len(gaps.columns), int(room // pitch))
        head = self._head()
        self._paint_head(painter, theme, pitch, shown)
        most = max([pattern.rows for pattern in gaps.patterns] + [gaps.other_rows, 1])
        left = shown * pitch + 16
        for line, pattern in enumerate(gaps.patterns):
            top = head + line * _ROW
            if line % 2 == 0:
                band = QRectF(0, top, shown * pitch + 4, _ROW)
                painter.fillRect(band, mixed(theme.color("divider"), theme.color("surface"), 0.35))
            missing = set(pattern.columns)
            for column in range(shown):
                centre = QPointF((column + 0.5) * pitch, top + _ROW / 2)
                painter.setPen(Qt.PenStyle.NoPen)
                filled = column in missing
                painter.setBrush(theme.series(1) if filled else theme.color("divider"))
                radius = min(6.0, pitch / 3)
                painter.drawEllipse(centre, radius if filled else 2, radius if filled else 2)
            self._paint_bar(painter, theme, QPointF(left, top), (pattern.rows, most), not missing)
        if gaps.other_rows:
            top = head + len(gaps.patterns) * _ROW
            words = self.tr("{0} other patterns").format(f"{gaps.other_patterns:,}")
            painter.setPen(theme.color("muted"))
            painter.drawText(QRectF(0, top, left - 8, _ROW), _RIGHT, words)
            self._paint_bar(painter, theme, QPointF(left, top), (gaps.other_rows, most), False)

    def _paint_head(self, painter: QPainter, theme: Theme, pitch: float, shown: int) -> None:
        """Each column's name, and below it how much of it is missing."""
        assert self._gaps is not None
        head = self._head() - 8
        names = head - _SHARE_HEIGHT
        metrics = painter.fontMetrics()
        for column in range(shown):
            middle = (column + 0.5) * pitch
            painter.save()
            painter.translate(middle, names)
            painter.rotate(-90)
            painter.setPen(theme.color("text"))
            text = metrics.elidedText(
                self._gaps.columns[column], Qt.TextElideMode.ElideMiddle, names - 4
            )
            painter.drawText(QRectF(2, -10, names, 20), _LEFT, text)
            painter.restore()
            share = min(1.0, self._gaps.missing[column] / self._of)
            wide = min(16.0, pitch - 4)
            box = QRectF(middle - wide / 2, names + 4, wide, _SHARE_HEIGHT - 8)
            painter.fillRect(box, theme.color("divider"))
            tall = max(1.0, box.height() * share)
            painter.fillRect(QRectF(box.left(), box.bottom() - tall, wide, tall), theme.series(1))
        painter.setPen(theme.color("muted"))
        left = shown * pitch + 16
        painter.drawText(
            QRectF(left, names + 4, _BAR + _COUNT, _SHARE_HEIGHT - 8), _LEFT, self.tr("rows")
        )

    def _paint_bar(
        self,
        painter: QPainter,
        theme: Theme,
        at: QPointF,
        rows: tuple[int, int],
        complete: bool,
    ) -> None:
        count, most = rows
        long = max(1.0, _BAR * count / most)
        ink = theme.color("border") if complete else theme.series(1)
        painter.fillRect(QRectF(at.x(), at.y() + 6, long, _ROW - 12), ink)
        painter.setPen(theme.color("muted"))
        share = count / self._of
        words = f"{count:,} ({percent(share, whole=True)})"
        if complete:
            words = self.tr("{0} complete").format(words)
        painter.drawText(QRectF(at.x() + long + 8, at.y(), 220, _ROW), _LEFT, words)
