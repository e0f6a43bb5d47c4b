"""The form of a capture: where, which packets, into which file, when it ends.

The filter is checked while it is typed. It must not know services.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from protocols.packets.levels import Levels
from widgets.packets.capture import launch
from widgets.packets.capture.launch import OWN, Surroundings
from widgets.parts.field import LabelledField
from widgets.parts.fields import Choice, Fields, QuietCombo
from widgets.parts.flow import FlowBox
from widgets.parts.text import Label

CHECK_MS: Final = 250
FILTER_HINT: Final = "tcp port 80, host 127.0.0.1, icmp or arp"


class CaptureForm(QWidget):
    """The fields. check_requested(text): is this filter right? start_requested: Enter was pressed."""

    check_requested = Signal(str)
    start_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields = Fields(self)
        self.filter_ok = True
        self._ways: tuple[str, ...] = ()
        self.prediction = Label("", "body", "text2", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self._where_row())
        column.addWidget(self._end_row())
        column.addWidget(self.prediction)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(CHECK_MS)
        self._timer.timeout.connect(lambda: self.check_requested.emit(str(self.fields["rule"])))
        self.fields.changed.connect(self._suit)
        for key in ("rule", "file"):
            editor = self.fields.editor(key)
            assert isinstance(editor, QLineEdit)
            editor.returnPressed.connect(self.start_requested)
        self._suit("")

    def _where_row(self) -> QWidget:
        fields, row = self.fields, FlowBox(spacing=12)
        row.add(fields.choice("where", "Where", [Choice(OWN, "The lab's own traffic"), Choice("lo", "lo")]))
        self.rule = fields.line(
            "rule",
            "Capture filter (BPF)",
            hint=FILTER_HINT,
            characters=26,
            tip="What does not fit is never captured: pcap-filter(7)",
        )
        row.add(self.rule, 1)
        row.add(
            fields.choice(
                "way",
                "By",
                [Choice("own", "A child of the lab")],
                tip="The window itself never captures and never has the right to",
            )
        )
        return row

    def _end_row(self) -> QWidget:
        fields, row = self.fields, FlowBox(spacing=12)
        row.add(fields.number("count", "End after packets", 0, (0, 1_000_000_000), zero="no limit"))
        row.add(fields.number("seconds", "after seconds", 0, (0, 1_000_000), zero="no limit"))
        row.add(
            fields.number(
                "size_mb", "MB a file", 0, (0, 100_000), zero="no limit", tip="Without a ring the capture ends there"
            )
        )
        row.add(
            fields.number(
                "ring_files",
                "Ring of files",
                0,
                (0, 1000),
                zero="no ring",
                tip="The newest so many files are kept; 10 MB each, if nothing else is said",
            )
        )
        row.add(fields.line("file", "File", hint="one is made", characters=16), 1)
        self.promiscuous = fields.check(
            "promiscuous",
            "Frames for others, too",
            tip="Promiscuous mode: what the interface hears and is for another host",
        )
        row.add(self.promiscuous)
        self.on_timeline = fields.check(
            "on_timeline", "On the time line, too", True, tip="Each packet is an event, drawn in the ladder"
        )
        row.add(self.on_timeline)
        return row

    def show_surroundings(self, found: Surroundings) -> None:
        """Offer what there is; what can't be captured now says why."""
        where, chosen = self._combo("where"), str(self.fields["where"])
        reason = "" if found.levels.ways or found.levels.may_ask else "needs a permission: see the levels above"
        entries = [Choice(OWN, "The lab's own traffic", "Reconstructed from its sockets")]
        for one in found.interfaces:
            title = f"{one.name}  {one.addresses[0]}" if one.addresses else one.name
            entries.append(Choice(one.name, title, "" if one.up else "This interface is down", unavailable=reason))
        where.fill(entries)
        where.choose(chosen if not reason else OWN)
        where.updateGeometry()
        self._fill_ways(found.levels)
        self._suit("")

    def _fill_ways(self, levels: Levels) -> None:
        asking = [way for way in levels.may_ask if way not in levels.ways]
        self._ways = (*levels.ways, *asking)
        chosen = str(self.fields["way"])
        words = launch.WAY_WORDS
        entries = [Choice(way, words[way]) for way in levels.ways]
        entries += [Choice(way, words[way], "It may ask for a password") for way in asking]
        self._combo("way").fill(entries or [Choice("own", words["own"])])
        self._combo("way").choose(chosen)

    def _combo(self, key: str) -> QuietCombo:
        combo = self.fields.editor(key)
        assert isinstance(combo, QuietCombo)
        return combo

    def tell_filter(self, text: str, problem: str) -> None:
        """What a check found for that text; late news are no news."""
        if text != str(self.fields["rule"]):
            return
        self.filter_ok = not problem
        self.rule.set_hint(f"{problem[:1].upper()}{problem[1:]}." if problem else "", error=bool(problem))

    def _suit(self, key: str) -> None:
        fields = self.fields
        own = str(fields["where"]) == OWN
        for name in ("rule", "way", "count", "seconds", "size_mb", "ring_files"):
            fields.show(name, not own)
        self.promiscuous.setVisible(not own and str(fields["where"]) != "lo")
        self.on_timeline.setVisible(own)
        self.prediction.setText(self._predicted(own))
        if key == "rule":
            self._timer.start()

    def _predicted(self, own: bool) -> str:
        """What will be seen, before it is."""
        if own:
            return (
                "What the lab's sockets do becomes packets: true bytes, ports and times, made headers. Each is marked "
                "reconstructed, and joined to its connection and call."
            )
        if str(self.fields["where"]) == "lo":
            return "Real packets of every program on this machine's loopback, each counted once though it passes twice."
        return "Real packets of this interface, those of other programs included."

    def values(self) -> dict[str, Any]:
        """Every field's value."""
        return self.fields.values()

    def labelled(self) -> Sequence[LabelledField]:
        """The fields whose hints may change."""
        return (self.rule,)
