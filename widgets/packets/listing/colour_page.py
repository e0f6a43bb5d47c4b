"""ColourPage: the rules by which packets get their colour: their order, names, filters and colours, in force at once.

The first rule that takes a packet holds. Colours are those of the theme, always with their letter. It must not know
packets.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from PySide6.QtCore import QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from protocols.packets.filters.display import DisplayFilter, DisplayFilterError
from widgets.packets.listing.colours import MOST, SERIES, STANDARD, Colours, Rule
from widgets.packets.listing.filter_bar import FilterField
from widgets.parts.buttons import Button, IconButton
from widgets.parts.field import LabelledField
from widgets.parts.flow import FlowLayout
from widgets.parts.splitter import Splitter
from widgets.parts.text import Label, plain_tip
from widgets.theme.icons import icon_pixmap
from widgets.theme.signs import paint_sender
from widgets.theme.theme import theme

ROW_SPACE: Final = 10
ABOUT: Final = "The first rule that takes a packet gives it its colour and letter. Changes hold at once and are kept."


class ColourPage(QWidget):
    """changed: the rules are other ones."""

    changed = Signal()

    def __init__(self, colours: Colours) -> None:
        super().__init__()
        self.colours = colours
        self._filling = False
        self.list = QListWidget()
        self.enabled = QCheckBox("Colour the list")
        self.name = QLineEdit()
        self.filter = FilterField()
        self.filter.setAccessibleName("Filter of the rule")
        self.add_button = Button("Add", "plus", small=True)
        self.remove_button = IconButton("trash-2", "Remove the rule")
        self.up_button = IconButton("arrow-up", "Move the rule up: it is asked earlier")
        self.down_button = IconButton("arrow-down", "Move the rule down: it is asked later")
        self.standard_button = Button("Standard rules", "undo-2", small=True)
        self.swatches = [QToolButton() for _ in range(SERIES)]
        self._lay_out()
        self._wire()
        self.refresh()

    def _lay_out(self) -> None:
        self.list.setAccessibleName("Colour rules")
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        tools = QHBoxLayout()
        tools.setContentsMargins(12, 4, 8, 4)
        tools.setSpacing(4)
        for button in (self.add_button, self.remove_button, self.up_button, self.down_button):
            tools.addWidget(button)
        tools.addStretch(1)
        tools.addWidget(self.standard_button)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(tools)
        column.addWidget(self.list, 1)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(16, 8, 16, 8)
        column.setSpacing(8)
        self._name_field = LabelledField("&Name", self.name)
        self._filter_field = LabelledField("&Filter: which packets", self.filter)
        self._choices = QWidget()
        row = FlowLayout(self._choices)
        for number, swatch in enumerate(self.swatches):
            swatch.setCheckable(True)
            swatch.setAutoExclusive(True)
            swatch.setAutoRaise(True)
            letter = "ABCDEFGH"[number]
            swatch.setAccessibleName(f"Colour {letter}")
            swatch.setToolTip(plain_tip(f"Colour {letter}"))
            row.addWidget(swatch)
        column.addWidget(self.enabled)
        column.addWidget(Label(ABOUT, "caption", "text2", wrap=True))
        column.addWidget(self._name_field)
        column.addWidget(self._filter_field)
        column.addWidget(LabelledField("Colour and letter", self._choices))
        column.addStretch(1)
        form = QScrollArea()
        form.setFrameShape(QFrame.Shape.NoFrame)
        form.setWidgetResizable(True)
        form.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        form.setWidget(right)
        self.splitter = Splitter(Qt.Orientation.Horizontal, left, form)
        self.splitter.setSizes([420, 420])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.splitter)

    def _wire(self) -> None:
        self.list.currentRowChanged.connect(self._show_rule)
        self.list.itemChanged.connect(self._on_item_changed)
        self.list.model().rowsMoved.connect(self._on_rows_moved)
        self.enabled.toggled.connect(self._on_enabled_toggled)
        self.name.textEdited.connect(lambda text: self._edit(name=text.strip()))
        self.filter.textEdited.connect(lambda _text: self._on_filter_edited())
        self.filter.escaped.connect(self.list.setFocus)
        self.add_button.clicked.connect(self.add)
        self.remove_button.clicked.connect(self.remove)
        self.up_button.clicked.connect(lambda: self.move_rule(-1))
        self.down_button.clicked.connect(lambda: self.move_rule(1))
        self.standard_button.clicked.connect(self._on_standard_clicked)
        for number, swatch in enumerate(self.swatches):
            swatch.clicked.connect(lambda _on=False, number=number: self._edit(series=number, icon=""))
        theme().changed.connect(self.refresh)

    # Showing

    def refresh(self) -> None:
        """Show the rules as they are now."""
        row = max(self.list.currentRow(), 0)
        self._filling = True
        self.list.clear()
        for place, rule in enumerate(self.colours.rules):
            item = QListWidgetItem(_icon(rule), "")
            item.setData(Qt.ItemDataRole.UserRole, place)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsDropEnabled)
            item.setSizeHint(QSize(0, theme().line_height() + ROW_SPACE))
            _fill(item, rule)
            self.list.addItem(item)
        self.list.setIconSize(QSize(theme().px(18), theme().px(18)))
        self.enabled.setChecked(self.colours.enabled)
        for number, swatch in enumerate(self.swatches):
            swatch.setIcon(_icon(Rule("", "", number)))
            swatch.setIconSize(QSize(theme().px(18), theme().px(18)))
            swatch.setMinimumSize(theme().px(30), theme().px(30))
        self._filling = False
        self.list.setCurrentRow(min(row, self.list.count() - 1))
        self._show_rule()

    def _rule(self) -> Rule | None:
        row = self.list.currentRow()
        return self.colours.rules[row] if 0 <= row < len(self.colours.rules) else None

    def _show_rule(self) -> None:
        if self._filling:
            return
        rule, row = self._rule(), self.list.currentRow()
        for field in (self.name, self.filter, self._choices, self.remove_button):
            field.setEnabled(rule is not None)
        self.up_button.setEnabled(row > 0)
        self.down_button.setEnabled(0 <= row < self.list.count() - 1)
        self.add_button.setEnabled(self.list.count() < MOST)
        self.standard_button.setEnabled(self.colours.changed())
        if not self.name.hasFocus():
            self.name.setText(rule.name if rule is not None else "")
        if not self.filter.hasFocus():
            self.filter.setText(rule.filter if rule is not None else "")
            self.filter.setCursorPosition(0)
            self._filter_field.set_hint("")
        if rule is not None:
            self.swatches[rule.series].setChecked(True)

    # Changing

    def _take(self, rules: list[Rule], row: int) -> None:
        """These are the rules now; go to one of them."""
        self.colours.set_rules(rules)
        self.refresh()
        self.list.setCurrentRow(row)
        self.changed.emit()

    def _edit(self, **values: object) -> None:
        """Change the chosen rule where it stands."""
        rule, row = self._rule(), self.list.currentRow()
        if rule is None:
            return
        rules = list(self.colours.rules)
        rules[row] = replace(rule, **values)  # type: ignore[arg-type]
        self.colours.set_rules(rules)
        item = self.list.item(row)
        with QSignalBlocker(self.list):
            item.setIcon(_icon(rules[row]))
            _fill(item, rules[row])
        self.standard_button.setEnabled(self.colours.changed())
        self.changed.emit()

    def _on_filter_edited(self) -> None:
        """A text that is no filter is kept in its field only, and said to be none."""
        text = self.filter.text().strip()
        try:
            DisplayFilter(text)
        except DisplayFilterError as error:
            self._filter_field.set_hint(f"{error}".rstrip(".") + ". Until it is mended, the filter before holds.",
                                        error=True)  # fmt: skip
            return
        self._filter_field.set_hint("" if text else "Without a filter the rule takes no packet.")
        self._edit(filter=text)

    def _on_item_changed(self, item: QListWidgetItem) -> None:
        row = self.list.row(item)
        if not self._filling and 0 <= row < len(self.colours.rules):
            rules = list(self.colours.rules)
            rules[row] = replace(rules[row], on=item.checkState() == Qt.CheckState.Checked)
            self.colours.set_rules(rules)
            self.standard_button.setEnabled(self.colours.changed())
            self.changed.emit()

    def _on_rows_moved(self) -> None:
        """A rule was dragged to another place."""
        if not self._filling:
            places = [int(self.list.item(row).data(Qt.ItemDataRole.UserRole)) for row in range(self.list.count())]
            self._take([self.colours.rules[place] for place in places], self.list.currentRow())

    def _on_enabled_toggled(self, on: bool) -> None:
        if not self._filling:
            self.colours.enabled = on
            self.colours.forget()
            self.changed.emit()

    def add(self) -> None:
        """A new rule before the chosen one, to be given a name and a filter."""
        row = max(self.list.currentRow(), 0)
        rules = list(self.colours.rules)
        rules.insert(row, Rule("New rule", "", len(self.colours.own) % SERIES))
        self._take(rules, row)
        self.filter.setFocus()
        self.name.setText("New rule")
        self._filter_field.set_hint("Without a filter the rule takes no packet.")

    def remove(self) -> None:
        """Take the chosen rule away; the standard ones come back by their button."""
        row = self.list.currentRow()
        rules = list(self.colours.rules)
        if 0 <= row < len(rules):
            del rules[row]
            self._take(rules, min(row, len(rules) - 1))

    def move_rule(self, by: int) -> None:
        """Let the chosen rule be asked earlier or later."""
        row, rules = self.list.currentRow(), list(self.colours.rules)
        if 0 <= row < len(rules) and 0 <= row + by < len(rules):
            rules[row], rules[row + by] = rules[row + by], rules[row]
            self._take(rules, row + by)

    def _on_standard_clicked(self) -> None:
        self._take(list(STANDARD), 0)


def _fill(item: QListWidgetItem, rule: Rule) -> None:
    item.setText(f"{rule.name}   {rule.filter}" if rule.filter != rule.name else rule.name)
    item.setToolTip(plain_tip(rule.filter))
    item.setCheckState(Qt.CheckState.Checked if rule.on else Qt.CheckState.Unchecked)


def _icon(rule: Rule) -> QIcon:
    """The sign of a rule, as the list has it."""
    side, scale = theme().px(18), 2.0
    if rule.icon:
        return QIcon(icon_pixmap(rule.icon, theme().tokens.sender(rule.series), side, scale))
    made = QPixmap(round(side * scale), round(side * scale))
    made.setDevicePixelRatio(scale)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    paint_sender(painter, QRectF(0, 0, side, side), rule.series)
    painter.end()
    return QIcon(made)
