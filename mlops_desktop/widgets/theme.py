"""The look: colour tokens for light, dark and high contrast, the typeface, and the palette."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from mlops_desktop.resources import resource
from mlops_desktop.widgets.sheet import mixed, style_sheet

_FONT_FILES = ("Inter-Regular.ttf", "Inter-Medium.ttf", "Inter-SemiBold.ttf")
_BODY_PT = 10.0


class Mode(StrEnum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"
    CONTRAST = "contrast"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Every colour of the app as #RRGGBB. ``series`` are for the lines of one plot, in order."""

    name: str
    background: str
    surface: str
    text: str
    muted: str
    border: str
    divider: str
    accent: str
    on_accent: str
    ok: str
    warn: str
    error: str
    selection: str
    series: tuple[str, ...]


LIGHT = Tokens(
    name="light",
    background="#F7F8FA",
    surface="#FFFFFF",
    text="#1B1F24",
    muted="#57606A",
    border="#868E97",
    divider="#D8DEE4",
    accent="#0B62C4",
    on_accent="#FFFFFF",
    ok="#0A6B4B",
    warn="#8A5300",
    error="#B3261E",
    selection="#D6E6FA",
    series=("#0072B2", "#D55E00", "#00513F", "#9C2F74", "#1B1F24"),
)
DARK = Tokens(
    name="dark",
    background="#15181D",
    surface="#1D2127",
    text="#E6EAF0",
    muted="#A3ACB8",
    border="#707B88",
    divider="#333A43",
    accent="#6CB2FF",
    on_accent="#0B1220",
    ok="#4CC9A0",
    warn="#F0B440",
    error="#FF8A80",
    selection="#23405F",
    series=("#56B4E9", "#E8702A", "#F0E442", "#B06AA0", "#DDE3EA"),
)
CONTRAST = Tokens(
    name="contrast",
    background="#FFFFFF",
    surface="#FFFFFF",
    text="#000000",
    muted="#22262B",
    border="#000000",
    divider="#4A4F55",
    accent="#00399B",
    on_accent="#FFFFFF",
    ok="#004D33",
    warn="#5C3600",
    error="#8C0F08",
    selection="#FFE58A",
    series=("#00457A", "#A33F00", "#00402F", "#75184F", "#000000"),
)


class Theme(QObject):
    """Build one, after the QApplication. Everything that paints asks it, and follows `changed`."""

    changed = Signal()

    def __init__(self, app: QApplication, mode: Mode = Mode.SYSTEM) -> None:
        super().__init__(app)
        self._app = app
        self._mode = mode
        self._tokens = LIGHT
        style = QStyleFactory.create("Fusion")
        app.setStyle(style)
        self._family = _load_family()
        app.setFont(self.font())
        app.setProperty("mlops_theme", self)
        self.set_mode(mode)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)

    @property
    def mode(self) -> Mode:
        return self._mode

    @property
    def tokens(self) -> Tokens:
        return self._tokens

    @property
    def is_dark(self) -> bool:
        return self._tokens is DARK

    def set_mode(self, mode: Mode) -> None:
        self._mode = mode
        hints = QGuiApplication.styleHints()
        if mode is Mode.SYSTEM:
            hints.unsetColorScheme()
        else:
            dark = mode is Mode.DARK
            hints.setColorScheme(Qt.ColorScheme.Dark if dark else Qt.ColorScheme.Light)
        self._apply()

    def color(self, token: str) -> QColor:
        """The colour of a token by name ('muted', 'accent', ...), or of a #RRGGBB text."""
        return QColor(token if token.startswith("#") else getattr(self._tokens, token))

    def tint(self, token: str) -> QColor:
        """A quiet background for text in this token's colour: pills, banners, hover."""
        color = self.color(token)
        if self.is_dark:
            return mixed(color, self.color("surface"), 0.18)
        # The dark inks of a light theme would give muddy tints: keep their hue alone.
        return QColor.fromHsvF(color.hsvHueF(), 0.11, 0.985)

    def series(self, number: int) -> QColor:
        """The colour of the number-th line, from 0; they repeat, so tell them apart by dashes."""
        return QColor(self._tokens.series[number % len(self._tokens.series)])

    def font(self, points: float = _BODY_PT, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
        """Inter with numerals of equal width, so that columns and live numbers stand still."""
        font = QFont(self._family)
        font.setPointSizeF(points)
        font.setWeight(weight)
        font.setFeature(QFont.Tag("tnum"), 1)
        return font

    def monospace(self, points: float = _BODY_PT - 0.5) -> QFont:
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(points)
        return font

    def _system_changed(self) -> None:
        if self._mode is Mode.SYSTEM:
            self._apply()

    def _apply(self) -> None:
        if self._mode is Mode.SYSTEM:
            scheme = QGuiApplication.styleHints().colorScheme()
            self._tokens = DARK if scheme is Qt.ColorScheme.Dark else LIGHT
        else:
            self._tokens = {"light": LIGHT, "dark": DARK, "contrast": CONTRAST}[self._mode]
        self._app.setPalette(_palette(self._tokens))
        self._app.setStyleSheet(style_sheet(self))
        self.changed.emit()


def app_theme() -> Theme:
    """The application's one Theme; made in light mode where nobody has, as in a test."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise RuntimeError("The theme needs a QApplication.")
    theme = app.property("mlops_theme")
    return theme if isinstance(theme, Theme) else Theme(app, Mode.LIGHT)


def follow_theme(target: QObject, apply: Callable[[Theme], None]) -> None:
    """Call apply now, and at each change of the theme for as long as target lives."""
    _Follower(target, apply)


class _Follower(QObject):
    def __init__(self, target: QObject, apply: Callable[[Theme], None]) -> None:
        super().__init__(target)
        self._apply = apply
        theme = app_theme()
        theme.changed.connect(self._changed)
        apply(theme)

    def _changed(self) -> None:
        self._apply(app_theme())


def _load_family() -> str:
    families = [
        family
        for name in _FONT_FILES
        for family in QFontDatabase.applicationFontFamilies(
            QFontDatabase.addApplicationFont(str(resource("fonts", name)))
        )
    ]
    return families[0] if families else QFont().family()


def _palette(tokens: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    colors = {
        role.Window: tokens.background,
        role.WindowText: tokens.text,
        role.Base: tokens.surface,
        role.AlternateBase: tokens.background,
        role.Text: tokens.text,
        role.Button: tokens.surface,
        role.ButtonText: tokens.text,
        role.BrightText: tokens.error,
        role.Highlight: tokens.selection,
        role.HighlightedText: tokens.text,
        role.Accent: tokens.accent,
        role.Link: tokens.accent,
        role.LinkVisited: tokens.accent,
        role.PlaceholderText: tokens.muted,
        role.ToolTipBase: tokens.surface,
        role.ToolTipText: tokens.text,
        role.Light: tokens.surface,
        role.Midlight: tokens.divider,
        role.Mid: tokens.divider,
        role.Dark: tokens.border,
        role.Shadow: tokens.border,
    }
    for key, value in colors.items():
        palette.setColor(key, QColor(value))
    faint = mixed(QColor(tokens.muted), QColor(tokens.surface), 0.65)
    for key in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, faint)
    return palette
