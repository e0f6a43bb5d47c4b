"""How a crafted packet is sent: where, how often, how fast, how long it waits for answers. It must not know packets."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.packets.levels import Levels
from protocols.record.explain import Explained
from widgets.packets.craft.launch import PRIVATE, may_send, way_of
from widgets.parts.fields import Choice, Fields, QuietCombo
from widgets.parts.flow import FlowBox
from widgets.parts.text import Label
from widgets.parts.trouble import Mend

_PRIVATE: Final = Choice(PRIVATE, "A private loopback (level 1)", "Needs no permission: a network of its own")


class SendRow(QWidget):
    """The fields of one volley."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields = Fields(self)
        self._levels: Levels | None = None
        self.note = Label("", "body", "text2", wrap=True)
        row = FlowBox(spacing=12)
        row.add(self.fields.choice("interface", "Where", [Choice("lo", "lo"), _PRIVATE]))
        row.add(self.fields.number("count", "Times", 1, (1, 1_000_000)))
        row.add(self.fields.number("rate", "A second", 0, (0, 1_000_000), zero="at once"))
        row.add(self.fields.number("wait_s", "Wait for answers", 1, (0, 60), suffix=" s"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(row)
        column.addWidget(self.note)
        self.fields.changed.connect(lambda _key: self._suit())
        self._suit()

    def show_levels(self, levels: Levels, interfaces: tuple[str, ...]) -> None:
        """Offer the interfaces that may be written to; the others say why not."""
        self._levels = levels
        combo = self._combo()
        chosen = combo.key()
        reason = "" if may_send(levels) else "needs a permission"
        private = "" if levels.levels[1].works else "is not possible here"
        entries = [Choice(name, name, unavailable=reason) for name in interfaces]
        entries.append(Choice(PRIVATE, _PRIVATE.title, _PRIVATE.tip, unavailable=private))
        combo.fill(entries)
        if not combo.choose(chosen) or (reason and combo.key() != PRIVATE):
            combo.choose(PRIVATE if reason and not private else chosen)
        combo.updateGeometry()
        self._suit()

    def _combo(self) -> QuietCombo:
        combo = self.fields.editor("interface")
        assert isinstance(combo, QuietCombo)
        return combo

    def values(self) -> dict[str, Any]:
        """Every field's value, and the way."""
        return {**self.fields.values(), "way": way_of(self._levels)}

    def mends(self, trouble: Explained) -> tuple[Mend, ...]:
        """The ways out of an error."""
        works = self._levels is None or self._levels.levels[1].works
        if trouble.errno in ("EPERM", "EACCES") and works and self.fields["interface"] != PRIVATE:
            return (Mend(PRIVATE, "Send on a private loopback", "network"),)
        return ()

    def mend(self, key: str) -> None:
        """Take a way out."""
        self._combo().choose(key)

    def _suit(self) -> None:
        if self.fields["interface"] == PRIVATE:
            said = "On a loopback of its own: the kernel answers as on any machine, and nobody else is there."
        elif self.fields["interface"] == "lo":
            said = "This machine's own loopback: the answers come from its kernel and its programs."
        else:
            said = "A real network: send only where you may. Answers may be any host's."
        self.note.setText(said)
