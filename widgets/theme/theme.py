"""The one Theme: which palette, which scale, and everything that is made from them.

`theme()` gives it. A widget asks it for colours, fonts and icons when it paints, and listens to `changed` when
it keeps one. It must not know any panel.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QGuiApplication, QIcon, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from widgets.theme.focus import FocusRing
from widgets.theme.fonts import load_fonts
from widgets.theme.icons import IconEngine, icon_pixmap
from widgets.theme.qt_palette import make_palette
from widgets.theme.style_sheet import fill_style_sheet
from widgets.theme.tokens import DARK, LIGHT, Tokens
from widgets.theme.type_sizes import TEXT_STYLES, TypeSizes
from widgets.theme.wardrobe import Wardrobe

PRESENTER_SCALE = 1.4
_LEVELS = 8
"""Layouts within layouts, at most; a pass with nothing to do costs microseconds."""

STEP_REST_MS = 1
"""Between two steps of a change. With no rest at all two steps follow each other before the window answers."""


class Theme(QObject):
    """Palette, scale, fonts and icons of the running lab.

    changed: any of them did. scaled: lengths and fonts did, told before `changed`.
    """

    changed = Signal()
    scaled = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tokens = LIGHT
        self._scale = 1.0
        self._follows = False
        self._app: QApplication | None = None
        self._ring: FocusRing | None = None
        self._wardrobe: Wardrobe | None = None
        self._held = 0
        self._stale = False
        self._made: list[QWidget] = []
        self._grown = False
        self._steps: Iterator[None] = iter(())
        self._still: list[QWidget] = []
        self._dressed: weakref.WeakKeyDictionary[QWidget, str] = weakref.WeakKeyDictionary()
        self._type = TypeSizes(1.0)

    # -- installing and switching -------------------------------------------------------------

    def install(self, app: QApplication) -> None:
        """Give the application the Fusion style, the fonts, the palette and the style sheet."""
        if self._app is app:
            return
        self._app = app
        load_fonts()
        app.setStyle("Fusion")
        self._ring = FocusRing(app, lambda: self._tokens.highlight)
        self._wardrobe = Wardrobe(app, self._dress_widget)
        self._wardrobe.all_dressed.connect(self._on_all_dressed)
        self._apply(sizes=True)

    @property
    def installed(self) -> bool:
        """It is on an application that lives."""
        return self._app is not None and shiboken6.isValid(self._app) and shiboken6.isValid(self)

    @property
    def changing(self) -> bool:
        """A change in steps is under way: who makes widgets now ends it at once, in one long step."""
        return bool(self._still)

    @property
    def tokens(self) -> Tokens:
        """The colours in force."""
        return self._tokens

    @property
    def dark(self) -> bool:
        """Whether the dark palette is in force."""
        return self._tokens.dark_theme

    @property
    def scale(self) -> float:
        """1.0, or more when the lab is shown to a room."""
        return self._scale

    def set_dark(self, dark: bool, *, in_steps: bool = False) -> None:
        """Switch the palette now, and stop following the system. in_steps: see `set_scale`."""
        self._follows = False
        self._set_tokens(DARK if dark else LIGHT, in_steps=in_steps)

    def set_scale(self, scale: float, *, in_steps: bool = False) -> None:
        """Multiply every font and every length made from one by `scale` (0.5 to 4).

        in_steps: not at once, but in some turns of the event loop, and nothing is painted before the last one.
        """
        scale = min(4.0, max(0.5, scale))
        if scale != self._scale:
            self._scale = scale
            self._grown = True
            self._type = TypeSizes(scale)
            self._apply(sizes=True, in_steps=in_steps)

    def follow_system(self) -> bool:
        """Take the palette from the system, now and when it changes; False where the system doesn't say."""
        hints = QGuiApplication.styleHints()
        if not self._follows:
            hints.colorSchemeChanged.connect(self._on_scheme_changed, Qt.ConnectionType.UniqueConnection)
        self._follows = True
        return self._take_scheme(hints.colorScheme())

    def _on_scheme_changed(self, scheme: Qt.ColorScheme) -> None:
        if self._follows:
            self._take_scheme(scheme)

    def _take_scheme(self, scheme: Qt.ColorScheme) -> bool:
        if scheme == Qt.ColorScheme.Unknown:
            return False
        self._set_tokens(DARK if scheme == Qt.ColorScheme.Dark else LIGHT)
        return True

    def _set_tokens(self, tokens: Tokens, *, in_steps: bool = False) -> None:
        if tokens is not self._tokens:
            self._tokens = tokens
            self._apply(sizes=False, in_steps=in_steps)

    def hold(self) -> None:
        """Take the style sheet away until `release`: many widgets are about to be made.

        With a style sheet in force each widget is dressed anew whenever it or one around it gets a
        parent; a panel is built in a third of the time without. Nothing may be painted in between.
        """
        self._finish()
        self._held += 1
        if self._wardrobe is not None and self._held == 1:
            self._wardrobe.take_off()

    def release(self, *made: QWidget) -> None:
        """The widgets are made: dress them. made: hidden ones, dressed when there is time or when they are shown."""
        self._held -= 1
        self._made += made
        if self._wardrobe is not None and self._held == 0:
            hidden, self._made = self._made, []
            self._wardrobe.put_back(self._sheet(), (one for one in hidden if shiboken6.isValid(one)))
            if self._stale:
                deque(self._dress_app(sizes=True), maxlen=0)

    def dressing(self) -> Iterator[None]:
        """Dress what waits, in steps for the caller, who is about to show some of it."""
        if self._wardrobe is not None:
            yield from self._wardrobe.dressing()

    def rest(self) -> None:
        """What is hidden now is passed by when the palette changes next; it is dressed later, or when it is shown."""
        if self._wardrobe is not None:
            self._wardrobe.rest()

    @contextmanager
    def making(self) -> Iterator[list[QWidget]]:
        """`hold` and `release` around the making of many widgets; those to be dressed later go into the list."""
        made: list[QWidget] = []
        self.hold()
        try:
            yield made
        finally:
            self.release(*made)

    def _sheet(self) -> str:
        return fill_style_sheet(self._tokens, self.line_height(), 9 * self._scale)

    def _dress_app(self, *, sizes: bool) -> Iterator[None]:
        self._stale = bool(self._held)
        if self._wardrobe is not None and not self._held:
            yield from self._wardrobe.changing(self._sheet(), sizes=sizes)

    def _apply(self, *, sizes: bool, in_steps: bool = False) -> None:
        self._finish()
        self._steps = self._change(sizes=sizes)
        if in_steps:
            self._still = [one for one in QApplication.topLevelWidgets() if one.isVisible()]
            for window in self._still:
                window.setUpdatesEnabled(False)
            self._step()
        else:
            self._finish()

    def _change(self, *, sizes: bool) -> Iterator[None]:
        if self._app is not None:
            if sizes:
                self._app.setFont(self.ui_font())
            self._app.setPalette(make_palette(self._tokens))
            yield from self._dress_app(sizes=sizes)
            yield
        if sizes:
            for widget in [one for one in self._dressed if shiboken6.isValid(one)]:
                if self._wardrobe is None or not self._wardrobe.waits(widget):
                    self._dress_widget(widget)
            self.scaled.emit()
            yield
        self.changed.emit()
        yield
        if sizes:
            self._settle()

    def _step(self) -> None:
        if next(self._steps, self) is not self:
            QTimer.singleShot(STEP_REST_MS, self, self._step)
        else:
            self._finish()

    def finish(self) -> None:
        """Do at once what a change left for later: steps, and what is hidden."""
        self._finish()
        if self._wardrobe is not None:
            self._wardrobe.dress_all()

    def _finish(self) -> None:
        """Take now what steps are left."""
        deque(self._steps, maxlen=0)
        still, self._still = self._still, []
        for window in still:
            if shiboken6.isValid(window):
                window.setUpdatesEnabled(True)

    def _settle(self) -> None:
        """Lay out now what has another size: each part tells the one around it; until all have, text is cut."""
        if self._app is not None:
            for _ in range(_LEVELS):
                self._app.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)

    def _dress_widget(self, widget: QWidget) -> None:
        style = self._dressed.get(widget)
        if style is not None and widget.font() != (font := self.font(style)):
            widget.setFont(font)

    def _on_all_dressed(self) -> None:
        """What took its size from something hidden does so again, now that this has its own."""
        if self._grown:
            self._grown = False
            self.scaled.emit()
            self.changed.emit()

    def look_changed(self, widget: QWidget) -> None:
        """A property of `widget` that the style sheet asks for is another one."""
        if self._wardrobe is not None:
            self._wardrobe.take_look(widget)

    # -- icons ---------------------------------------------------------------------------------

    def icon(self, name: str, role: str = "text2", size: int = 16, *, on: str = "") -> QIcon:
        """A Lucide icon that always has the colour of `role`, and of `on` where it is chosen or checked.

        KeyError for an unknown name or role.
        """
        roles = {QIcon.State.Off: role, QIcon.State.On: on or role}
        for each in roles.values():
            self._tokens.role(each)

        def colour(mode: QIcon.Mode, state: QIcon.State) -> QColor:
            return self._tokens.placeholder if mode == QIcon.Mode.Disabled else self._tokens.role(roles[state])

        return QIcon(IconEngine(name, size, colour))

    def pixmap(self, name: str, role: str = "text2", size: int = 16, dpr: float | None = None) -> QPixmap:
        """The icon as a picture in today's colour; `size` is multiplied by the scale."""
        ratio = QGuiApplication.primaryScreen().devicePixelRatio() if dpr is None else dpr
        return icon_pixmap(name, self._tokens.role(role), self.px(size), ratio)

    # -- type and lengths ----------------------------------------------------------------------

    def ui_font(self, pt: float = 10, weight: int = 400) -> QFont:
        """The reading font at `pt` points before scaling."""
        return self._type.font(False, pt, weight)

    def ui_metrics(self, pt: float = 10, weight: int = 400) -> QFontMetrics:
        """The measures of the reading font; to ask for, not to change."""
        return self._type.metrics(pt, weight)

    def mono_font(self, pt: float = 9.5, weight: int = 400) -> QFont:
        """The font for what is literally so: bytes, code, calls, addresses."""
        return self._type.font(True, pt, weight)

    def font(self, style: str) -> QFont:
        """The font of a text style of `TEXT_STYLES`."""
        pt, weight, mono = TEXT_STYLES[style]
        return self._type.font(mono, pt, weight)

    def dress(self, widget: QWidget, style: str) -> None:
        """Give `widget` the font of a text style, and keep it right when the scale changes."""
        self._dressed[widget] = style
        widget.setFont(self.font(style))

    def follow(self, widget: QWidget, suit: Callable[[], object]) -> None:
        """Call `suit` now and after every change, for as long as `widget` lives.

        For a function that is no method of a QObject: connected plainly it would outlive the widget.
        """

        def change() -> None:
            if shiboken6.isValid(widget):
                suit()

        connection = self.changed.connect(change)
        widget.destroyed.connect(lambda: QObject.disconnect(connection))
        suit()

    def px(self, length: float) -> int:
        """A length of the design in px, scaled."""
        return round(length * self._scale)

    def line_height(self) -> int:
        """The height of a line of body text in px."""
        return self.ui_metrics().height()

    def row_height(self) -> int:
        """The height of a table, tree or list row in px."""
        return self.line_height() + 10

    def control_height(self) -> int:
        """The height of a button or an input in px."""
        return self.line_height() + 16


def set_look(widget: QWidget, name: str, value: str | bool) -> None:
    """Set a property that rules of the style sheet ask for, and let them act at once.

    A widget not shown yet is left alone: polished by hand before, it would lose a font it gets after.
    """
    if widget.property(name) != value:
        widget.setProperty(name, value)
        theme().look_changed(widget)


_theme: Theme | None = None


def theme() -> Theme:
    """The one theme, installed on the application as soon as there is one."""
    global _theme
    if _theme is not None and _theme.installed:
        return _theme
    if _theme is None or not shiboken6.isValid(_theme):
        _theme = Theme()
    app = QApplication.instance()
    if isinstance(app, QApplication):
        _theme.install(app)
    return _theme
