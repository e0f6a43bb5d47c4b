"""Labels in the text styles of the theme, all of them plain text.

What a peer sent may stand in any label, so none of them reads markup. They must not know what they say.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from widgets.theme.theme import set_look, theme


def set_tone(widget: QWidget, tone: str) -> None:
    """Colour a label by role ("text2", "error", ...; "" for text); the style sheet has one rule for each."""
    set_look(widget, "tone", tone)


class Label(QLabel):
    """Plain text in a text style of the theme, in the colour of a role."""

    def __init__(self, text: str = "", style: str = "body", tone: str = "", *, wrap: bool = False) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        self.setWordWrap(wrap)
        self.setProperty("tone", tone)
        theme().dress(self, style)

    def set_tone(self, tone: str) -> None:
        """Change the colour's role."""
        set_tone(self, tone)


class Paragraph(Label):
    """Wrapped text that keeps room for all its lines: parents that know least sizes only would squeeze it."""

    def __init__(self, text: str = "", style: str = "body", tone: str = "") -> None:
        super().__init__(text, style, tone, wrap=True)

    def setText(self, text: str) -> None:
        super().setText(text)
        self._keep_height()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_height()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._keep_height()

    def _keep_height(self) -> None:
        if self.wordWrap() and self.testAttribute(Qt.WidgetAttribute.WA_Resized):
            self.setMinimumHeight(0)  # a label counts its least height as needed: it would never get lower again
            self.setMinimumHeight(max(0, self.heightForWidth(self.width())))


class ElidedLabel(Label):
    """One line that shortens itself to its width; the tool tip then has it whole.

    `mode`: ElideMiddle for addresses and paths, whose end counts; ElideRight for prose.
    """

    def __init__(
        self,
        text: str = "",
        style: str = "body",
        tone: str = "",
        *,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
    ) -> None:
        self._full = text
        self._mode = mode
        super().__init__(text, style, tone)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def text(self) -> str:
        """The whole text, also where less is shown."""
        return self._full

    def setText(self, text: str) -> None:
        """Show one line of plain text; line ends become spaces."""
        self._full = text
        self._elide()
        self.updateGeometry()

    def shown_text(self) -> str:
        """What fits now."""
        return super().text()

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._line()) + 2, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        least = self.fontMetrics().horizontalAdvance("…" + self._line()[-3:])
        return QSize(min(least, self.sizeHint().width()), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._elide()
            self.updateGeometry()

    def _line(self) -> str:
        return " ".join(self._full.split("\n"))

    def shorter(self) -> tuple[str, ...]:
        """Other wordings, each shorter than the one before, to try before anything is cut."""
        return ()

    def _elide(self) -> None:
        line, metrics = self._line(), self.fontMetrics()
        wordings = (line, *self.shorter())
        fits = (wording for wording in wordings if metrics.horizontalAdvance(wording) <= self.width())
        shown = next(fits, "") or metrics.elidedText(wordings[-1], self._mode, self.width())
        if shown != super().text():
            super().setText(shown)
        self.setToolTip(plain_tip(self._full) if shown != line else "")
        self.setAccessibleName(self._full)


def plain_tip(text: str) -> str:
    """`text` as a tool tip that Qt cannot take for markup."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<p style='white-space:pre-wrap'>{escaped}</p>" if escaped != text else text


def fit_height(frame: QWidget, least: int = 0) -> None:
    """Make `frame` exactly as high as its wrapped text needs at this width, at least `least` px.

    A layout would stretch it where there is room, or cut it where its size hint counts.
    """
    layout = frame.layout()
    if layout is not None and frame.width() > 0:
        height = max(least, layout.totalHeightForWidth(frame.width()))
        if (frame.minimumHeight(), frame.maximumHeight()) != (height, height):
            frame.setFixedHeight(height)
            layout.setGeometry(frame.contentsRect())  # within a resize the layout has been asked already


class LeadText(QWidget):
    """A sentence in bold and what follows it, wrapped as one paragraph of plain text."""

    def __init__(self, lead: str = "", text: str = "", style: str = "body") -> None:
        super().__init__()
        self._style = style
        self._lead, self._text = lead, text
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme().dress(self, style)
        self.set(lead, text)

    def set(self, lead: str, text: str = "") -> None:
        """Replace both parts."""
        self._lead, self._text = lead, text
        self.setAccessibleName(self.text())
        self.updateGeometry()
        self.update()

    def text(self) -> str:
        """All of it."""
        return f"{self._lead} {self._text}".strip()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._laid_out(width)[1]

    def sizeHint(self) -> QSize:
        line = QFontMetrics(self._bold()).horizontalAdvance(self.text()) + 4
        return QSize(line, self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 12, self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        layout, height = self._laid_out(self.width())
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        layout.draw(painter, QRectF(0, max(0.0, (self.height() - height) / 2), 0, 0).topLeft())

    def _bold(self) -> QFont:
        font = self.font()
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def _laid_out(self, width: int) -> tuple[QTextLayout, int]:
        layout = QTextLayout(self.text(), self.font())
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        bold = QTextLayout.FormatRange()
        bold.start, bold.length = 0, len(self._lead.encode("utf-16-le")) // 2
        form = QTextCharFormat()
        form.setFontWeight(QFont.Weight.DemiBold.value)
        bold.format = form
        layout.setFormats([bold])
        layout.beginLayout()
        spacing = self.fontMetrics().height() * 1.3
        height = 0.0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(1, width))
            line.setPosition(QRectF(0, height, 0, 0).topLeft())
            height += spacing
        layout.endLayout()
        extra = spacing - self.fontMetrics().height()
        return layout, max(0, round(height - extra))

