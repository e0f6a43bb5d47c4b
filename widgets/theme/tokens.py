"""The colours of both palettes, and the only place where a colour is written as a number.

It must not know widgets, fonts or style sheets: they ask a `Tokens` for a colour by its role.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

from PySide6.QtGui import QColor

LIGHT_TINT = 0.10
DARK_TINT = 0.16


@dataclass(frozen=True, eq=False)
class Tokens:
    """Every colour of one palette, by role."""

    dark_theme: bool
    # surfaces
    window: QColor
    base: QColor
    alternate: QColor
    raised: QColor
    button: QColor
    button_hover: QColor
    highlight: QColor
    highlighted_text: QColor
    select: QColor
    hover: QColor
    rail: QColor
    track: QColor
    tooltip_base: QColor
    tooltip_text: QColor
    # text
    text: QColor
    text2: QColor
    placeholder: QColor
    link: QColor
    # lines: inside a card, docks and buttons, inputs
    mid: QColor
    dark: QColor
    field: QColor
    # layers and directions
    call: QColor
    state: QColor
    message: QColor
    packet: QColor
    note: QColor
    out: QColor
    in_: QColor
    # states
    running: QColor
    stopped: QColor
    waiting: QColor
    error: QColor
    warning: QColor
    # series: senders, protocols, phases, header fields
    senders: tuple[QColor, ...]

    @cached_property
    def roles(self) -> dict[str, QColor]:
        """Every colour by name; senders are "sender1" to "sender8"."""
        named = {f.name: getattr(self, f.name) for f in fields(self) if isinstance(getattr(self, f.name), QColor)}
        named["in"] = self.in_
        named |= {f"sender{n}": colour for n, colour in enumerate(self.senders, 1)}
        return named

    def role(self, name: str) -> QColor:
        """The colour called `name`; KeyError for a name no palette has."""
        return self.roles[name]

    def sender(self, index: int) -> QColor:
        """The colour of the series `index` (from 0); a ninth starts again at the first."""
        return self.senders[index % len(self.senders)]

    def layer(self, layer: str) -> QColor:
        """The colour of an event layer; an unknown one looks like a note."""
        return self.roles.get(layer, self.note) if layer in LAYERS else self.note


LAYERS = ("call", "state", "message", "packet", "note")


def mix(over: QColor, under: QColor, share: float) -> QColor:
    """`over` at opacity `share` (0 to 1) laid on `under`, as one opaque colour."""
    return QColor(
        round(over.red() * share + under.red() * (1 - share)),
        round(over.green() * share + under.green() * (1 - share)),
        round(over.blue() * share + under.blue() * (1 - share)),
    )


def tint(tokens: Tokens, colour: QColor) -> QColor:
    """The soft surface that belongs to a semantic colour: the colour thinly over Base."""
    return mix(colour, tokens.base, DARK_TINT if tokens.dark_theme else LIGHT_TINT)


def _series(*values: str) -> tuple[QColor, ...]:
    return tuple(QColor(value) for value in values)


LIGHT = Tokens(
    dark_theme=False,
    window=QColor("#F3F4F7"),
    base=QColor("#FFFFFF"),
    alternate=QColor("#F8F9FB"),
    raised=QColor("#FFFFFF"),
    button=QColor("#FFFFFF"),
    button_hover=QColor("#EEF0F4"),
    highlight=QColor("#3457D5"),
    highlighted_text=QColor("#FFFFFF"),
    select=QColor("#DFE7FD"),
    hover=QColor("#F0F3F9"),
    rail=QColor("#E9EBF0"),
    track=QColor("#E4E7ED"),
    tooltip_base=QColor("#22262F"),
    tooltip_text=QColor("#F2F4F8"),
    text=QColor("#1A1E26"),
    text2=QColor("#525A67"),
    placeholder=QColor("#5C6675"),
    link=QColor("#2B4FC7"),
    mid=QColor("#DEE1E7"),
    dark=QColor("#C3C8D2"),
    field=QColor("#818A99"),
    call=QColor("#5F2083"),
    state=QColor("#A04605"),
    message=QColor("#0A5FCC"),
    packet=QColor("#00523C"),
    note=QColor("#5C626F"),
    out=QColor("#9A3D6B"),
    in_=QColor("#1F6580"),
    running=QColor("#1A7537"),
    stopped=QColor("#5A6372"),
    waiting=QColor("#7D5700"),
    error=QColor("#BF2231"),
    warning=QColor("#8A4B00"),
    senders=_series("#00398A", "#944F07", "#0B3528", "#6B1B50", "#4A3B00", "#3F1AEE", "#A92B3B", "#596675"),
)

DARK = Tokens(
    dark_theme=True,
    window=QColor("#14161B"),
    base=QColor("#1B1E25"),
    alternate=QColor("#1F232B"),
    raised=QColor("#262B35"),
    button=QColor("#292E38"),
    button_hover=QColor("#323844"),
    highlight=QColor("#4166DE"),
    highlighted_text=QColor("#FFFFFF"),
    select=QColor("#283660"),
    hover=QColor("#232833"),
    rail=QColor("#101216"),
    track=QColor("#2A2F39"),
    tooltip_base=QColor("#E4E7ED"),
    tooltip_text=QColor("#1A1E26"),
    text=QColor("#E4E7ED"),
    text2=QColor("#A6AEBC"),
    placeholder=QColor("#99A2B1"),
    link=QColor("#93B0FF"),
    mid=QColor("#2C313C"),
    dark=QColor("#414957"),
    field=QColor("#6C7688"),
    call=QColor("#C38CFF"),
    state=QColor("#FD9768"),
    message=QColor("#8BC5F8"),
    packet=QColor("#45E09B"),
    note=QColor("#D3D7DC"),
    out=QColor("#F49AC4"),
    in_=QColor("#7CCBE4"),
    running=QColor("#66D08A"),
    stopped=QColor("#A6AEBC"),
    waiting=QColor("#EBC25A"),
    error=QColor("#FF8C8F"),
    warning=QColor("#FFB870"),
    senders=_series("#8EC7F5", "#F4BF92", "#44DABB", "#FF74CA", "#E4DC6D", "#B58FFC", "#EC9599", "#E2E6EA"),
)
