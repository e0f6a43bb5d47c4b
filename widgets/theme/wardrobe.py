"""Wardrobe: dresses widgets in the style sheet, what can be seen at once and the rest in slices.

Qt dresses every widget there is whenever the application's sheet changes: more than a second for a window with
all panels, of which a thirtieth can be seen. So widgets are left out of Qt's own change. Those that can be seen are
dressed here, at once; what is hidden sleeps: it is dressed when there is time, or when it is shown, whichever comes
first. It must not know what the sheet says.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QMargins, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QWidget

SLICE_S: Final = 0.006
REST_MS: Final = 4
"""Between two slices, so that what the user does comes first."""
SEEN_SLICE_S: Final = 0.02
"""Longer for what can be seen: nothing is painted until all of it is dressed."""
COUNTED: Final = 400
"""Widgets that are looked at in a slice."""
_POLISHED: Final = Qt.WidgetAttribute.WA_WState_Polished
_OWN_STYLE: Final = Qt.WidgetAttribute.WA_SetStyle
"""Nothing here has a style of its own: this marks what is left out when the application gets another."""
_OWN_PALETTE: Final = Qt.WidgetAttribute.WA_SetPalette
_OWN_FONT: Final = Qt.WidgetAttribute.WA_SetFont


class Wardrobe(QObject):
    """The style sheet of one application. all_dressed: what waited is dressed.

    dressed(widget): called for each that has been dressed, for what a sheet can't give.
    """

    all_dressed = Signal()

    def __init__(self, app: QApplication, dressed: Callable[[QWidget], object] = bool) -> None:
        super().__init__(app)
        self._app = app
        self._dressed = dressed
        self._waiting: dict[QWidget, None] = {}
        self._all_wait = False
        self._counting: Iterator[object] = iter(())
        self._kept: set[QWidget] = set()
        self._looks: list[QWidget] = []
        self._sizes = False
        self._timer = QTimer(self)
        self._timer.setInterval(REST_MS)
        self._timer.timeout.connect(self._on_timer_timeout)

    @property
    def waiting(self) -> int:
        """How many hidden widgets still wear what was in force before, as far as they were counted."""
        return len(self._waiting) + self._all_wait

    def changing(self, sheet: str, *, sizes: bool = True) -> Iterator[None]:
        """Put on another sheet: on what can be seen, slice by slice, and later on the rest.

        sizes: lengths and fonts are others. Between two slices some wear what was in force before: paint nothing.
        """
        seen = list(_seen())
        _leave_out(seen)
        # A sheet over a sheet dresses every widget, and many times over.
        self._app.setStyleSheet("")
        self._app.setStyleSheet(sheet)
        _take_in(seen)
        self._sizes = sizes or (self._sizes and self.waiting > 0)
        self._all_wait = True
        self._counting = self._count()
        for widget in seen:
            self._waiting.pop(widget, None)
        yield
        sizes = self._sizes
        end = time.perf_counter() + SEEN_SLICE_S
        for widget in seen:
            if shiboken6.isValid(widget):
                self._dress(widget, sizes=sizes)
            if time.perf_counter() > end:
                yield
                end = time.perf_counter() + SEEN_SLICE_S
        self._timer.start()

    def take_off(self) -> None:
        """No sheet for the widgets made until `put_back`; those there are keep what they wear."""
        self._kept = set(_seen())  # what is hidden sleeps, but for a few, and those may be dressed anew
        _leave_out(self._kept)
        self._app.setStyleSheet("")

    def put_back(self, sheet: str, made: Iterable[QWidget] = ()) -> None:
        """The sheet again that `take_off` took; made: what is new since, hidden, and need not be dressed at once."""
        hidden: list[QWidget] = []
        for root in made:
            root.ensurePolished()
            hidden += [root, *root.findChildren(QWidget)]
        _leave_out(hidden)
        self._app.setStyleSheet(sheet)
        _take_in(one for one in self._kept if shiboken6.isValid(one))
        self._kept = set()
        self._sizes = True
        self._watch(hidden)
        self._waiting |= dict.fromkeys(hidden)
        if self._waiting:
            self._timer.start()
        looks, self._looks = self._looks, []
        for widget in looks:
            if shiboken6.isValid(widget):
                dress_anew(widget)

    def rest(self) -> None:
        """Put to sleep what is hidden, slice by slice: the next change passes it by."""
        if not self._all_wait:
            self._counting = self._put_to_sleep()
            self._timer.start()

    def take_look(self, widget: QWidget) -> None:
        """A property that the sheet asks for is another one: let it act. A widget never shown is left alone."""
        if widget in self._kept:
            self._looks.append(widget)
        elif widget.testAttribute(_OWN_STYLE):
            self._waiting[widget] = None
            self._timer.start()
        elif widget.testAttribute(_POLISHED):
            dress_anew(widget)

    def waits(self, widget: QWidget) -> bool:
        """Whether this one is dressed later."""
        return widget in self._waiting or (self._all_wait and not widget.isVisible())

    # -- what sleeps ---------------------------------------------------------------------------

    def _watch(self, hidden: Iterable[QWidget]) -> None:
        """Hear of it when these are shown."""
        looked_at: set[QWidget] = set()
        for widget in hidden:
            root: QWidget | None = widget
            while root is not None and root not in looked_at:
                looked_at.add(root)
                if root.isHidden():  # what is not hidden itself is shown together with the one that is
                    root.installEventFilter(self)
                    break
                root = root.parentWidget()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What is seen of a thing that is shown wakes up, dressed before it is painted; hidden again it sleeps."""
        kind = event.type()
        if kind in (QEvent.Type.Show, QEvent.Type.Hide) and isinstance(watched, QWidget):
            shown = kind == QEvent.Type.Show
            todo = [watched]
            while todo:
                widget = todo.pop()
                if shown:
                    self._wake(widget)
                elif widget.testAttribute(_POLISHED):
                    _leave_out((widget,))
                for child in widget.children():
                    if isinstance(child, QWidget):
                        if not child.isHidden():
                            todo.append(child)
                        elif shown and child.testAttribute(_OWN_STYLE):
                            child.installEventFilter(self)
        return False

    def _wake(self, widget: QWidget) -> None:
        if widget.testAttribute(_OWN_STYLE):
            _take_in((widget,))
            if widget in self._waiting or self._all_wait:
                self._waiting.pop(widget, None)
                self._dress(widget, sizes=self._sizes)

    def _dress(self, widget: QWidget, *, sizes: bool) -> None:
        dress_anew(widget)
        self._dressed(widget)
        if sizes:
            margins = widget.contentsMargins()
            QCoreApplication.sendEvent(widget, QEvent(QEvent.Type.StyleChange))
            if _less(widget.contentsMargins(), margins):  # a frame that is smaller than its margins forgets them
                widget.setContentsMargins(margins)

    def dress_all(self) -> None:
        """Dress now all that waits."""
        deque(self._counting, maxlen=0)
        self._dress_until(lambda: False)

    def dressing(self) -> Iterator[None]:
        """Dress now all that waits, a slice at a time, without the rests."""
        while self.waiting:
            self._on_timer_timeout()
            yield

    def _put_to_sleep(self) -> Iterator[list[QWidget]]:
        """Leave out what is hidden; all widgets, a slice at a time."""
        widgets = QApplication.allWidgets()
        for start in range(0, len(widgets), COUNTED):
            looked_at = [one for one in widgets[start : start + COUNTED] if shiboken6.isValid(one)]
            awake = [one for one in looked_at if one.testAttribute(_POLISHED) and not one.isVisible()]
            _leave_out(awake)
            self._watch(awake)
            yield looked_at

    def _count(self) -> Iterator[None]:
        """Who waits: all that sleep."""
        for looked_at in self._put_to_sleep():
            self._waiting |= {one: None for one in looked_at if one.testAttribute(_OWN_STYLE)}
            yield
        self._all_wait = False

    def _on_timer_timeout(self) -> None:
        if next(self._counting, self) is not self:
            return
        end = time.perf_counter() + SLICE_S
        self._dress_until(lambda: time.perf_counter() > end)

    def _dress_until(self, enough: Callable[[], bool]) -> None:
        while self._waiting and not enough():
            widget = next(iter(self._waiting))
            del self._waiting[widget]
            if shiboken6.isValid(widget):
                if widget.isVisible():
                    _take_in((widget,))
                self._dress(widget, sizes=self._sizes)
        if not self._waiting and self._timer.isActive():
            self._timer.stop()
            self._sizes = False
            self.all_dressed.emit()


def _less(now: QMargins, before: QMargins) -> bool:
    """Whether a side has less room: more is a border that the sheet has just given."""
    return (now.left() < before.left() or now.top() < before.top() or now.right() < before.right()
            or now.bottom() < before.bottom())  # fmt: skip


def _seen() -> Iterator[QWidget]:
    """All widgets that can be seen."""
    todo = [one for one in QApplication.topLevelWidgets() if one.isVisible()]
    while todo:
        widget = todo.pop()
        yield widget
        for one in widget.children():
            if isinstance(one, QWidget) and one.isVisible() and not one.isWindow():
                todo.append(one)


def dress_anew(widget: QWidget) -> None:
    """Let the sheet in force act on a widget as if it were new; a font of its own stays."""
    font = widget.font() if widget.testAttribute(_OWN_FONT) else None
    style = widget.style()
    style.unpolish(widget)
    if widget.testAttribute(_OWN_PALETTE):  # Qt forgets what was there before a sheet's colours when the sheet goes
        widget.setPalette(QPalette())
    style.polish(widget)
    if font is not None:
        widget.setFont(font)


def _leave_out(widgets: Iterable[QWidget]) -> None:
    """Let another style of the application pass these by: it dresses what is polished, and tells what has none."""
    mark = QWidget.setAttribute
    for widget in widgets:
        mark(widget, _POLISHED, False)
        mark(widget, _OWN_STYLE, True)


def _take_in(widgets: Iterable[QWidget]) -> None:
    """The end of `_leave_out`."""
    mark = QWidget.setAttribute
    for widget in widgets:
        mark(widget, _POLISHED, True)
        mark(widget, _OWN_STYLE, False)
