"""Form fields by key: a caption above each input, values read and set as one mapping.

So that a form is a list of lines, its values can be kept for the next start, and every input has
an accessible name. It must not know what the values mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QPaintEvent, QStandardItemModel, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from widgets.parts.field import LabelledField
from widgets.parts.number_field import NumberField
from widgets.parts.text import plain_tip
from widgets.theme.theme import theme

LEAST_CHARACTERS: Final = 9


@dataclass(frozen=True)
class Choice:
    """One entry of a choice field: what it stands for, its text, and why it can't be chosen (empty: it can)."""

    key: str
    title: str
    tip: str = ""
    unavailable: str = ""


Choices: TypeAlias = Iterable[Choice]


class QuietCombo(QComboBox):
    """A combo that the mouse wheel changes only while it has the focus, so that scrolling a form changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.currentIndexChanged.connect(lambda _index: self.updateGeometry())

    def sizeHint(self) -> QSize:
        """As wide as the chosen entry needs, not as the longest one: a long reason must not widen the form."""
        return QSize(self._wide(self.currentText()), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self.sizeHint().width(), self._wide("n" * LEAST_CHARACTERS)), super().sizeHint().height())

    def _wide(self, text: str) -> int:
        return self.fontMetrics().horizontalAdvance(text) + theme().px(46)

    def showPopup(self) -> None:
        view = self.view()
        view.setMinimumWidth(min(view.sizeHintForColumn(0) + theme().px(30), theme().px(560)))
        super().showPopup()

    def paintEvent(self, event: QPaintEvent, /) -> None:
        """Where the chosen entry does not fit, it says so with an ellipsis."""
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        control, part = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(control, option, part, self).width()
        text = self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room)
        option.currentText = text
        painter.drawComplexControl(control, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def wheelEvent(self, event: QWheelEvent, /) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def key(self) -> str:
        """The key of the chosen entry."""
        return str(self.currentData() or "")

    def choose(self, key: str) -> bool:
        """Choose the entry with this key; False if there is none or it is unavailable."""
        at = self.findData(key)
        if at < 0 or not self._enabled(at):
            return False
        self.setCurrentIndex(at)
        return True

    def _enabled(self, at: int) -> bool:
        model = self.model()
        return bool(model.flags(model.index(at, 0)) & Qt.ItemFlag.ItemIsEnabled)

    def fill(self, choices: Choices) -> None:
        """Replace the entries; unavailable ones are greyed and say why."""
        kept = self.key()
        self.blockSignals(True)
        self.clear()
        model = self.model()
        assert isinstance(model, QStandardItemModel)
        for at, choice in enumerate(choices):
            title = f"{choice.title}  ({choice.unavailable})" if choice.unavailable else choice.title
            self.addItem(title, choice.key)
            self.setItemData(at, choice.unavailable or choice.tip, Qt.ItemDataRole.ToolTipRole)
            model.item(at).setEnabled(not choice.unavailable)
        self.blockSignals(False)
        if not self.choose(kept):
            first = next((at for at in range(self.count()) if self._enabled(at)), 0)
            self.setCurrentIndex(first)


@dataclass(frozen=True)
class _Field:
    get: Callable[[], Any]
    set: Callable[[Any], Any]
    holder: QWidget
    editor: QWidget


class Fields(QObject):
    """The fields of one form, by key. `changed` tells the key whose value a person or a preset changed."""

    changed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._fields: dict[str, _Field] = {}
        self._nowhere = parent if isinstance(parent, QWidget) else None

    def choice(self, key: str, caption: str, choices: Choices, *, tip: str = "") -> LabelledField:
        """A combo; its value is the key of the chosen entry."""
        combo = QuietCombo()
        combo.fill(choices)
        combo.currentIndexChanged.connect(lambda _index: self.changed.emit(key))
        return self._labelled(key, caption, combo, combo.key, lambda value: combo.choose(str(value)), tip)

    def line(
        self, key: str, caption: str, value: str = "", *, hint: str = "", tip: str = "", characters: int = 10
    ) -> LabelledField:
        """A line of text, at least `characters` wide."""
        edit = QLineEdit(value)
        edit.setPlaceholderText(hint)
        edit.setMinimumWidth(edit.fontMetrics().averageCharWidth() * characters + 24)
        edit.textChanged.connect(lambda _text: self.changed.emit(key))
        return self._labelled(key, caption, edit, edit.text, lambda text: edit.setText(str(text)), tip)

    def number(
        self,
        key: str,
        caption: str,
        value: int,
        bounds: tuple[int, int],
        *,
        suffix: str = "",
        zero: str = "",
        tip: str = "",
    ) -> LabelledField:
        """A whole number between `bounds`; `zero` is what the smallest value is called."""
        spin = NumberField()
        spin.setRange(*bounds)
        spin.setValue(value)
        spin.setSuffix(suffix)
        spin.setSpecialValueText(zero)
        spin.valueChanged.connect(lambda _value: self.changed.emit(key))
        return self._labelled(key, caption, spin, spin.value, lambda number: spin.setValue(int(number)), tip)

    def check(self, key: str, caption: str, value: bool = False, *, tip: str = "") -> QCheckBox:
        """A yes or no."""
        box = QCheckBox(caption)
        box.setChecked(value)
        box.setAccessibleName(caption)
        box.setToolTip(plain_tip(tip))
        box.toggled.connect(lambda _on: self.changed.emit(key))
        self._fields[key] = _Field(box.isChecked, lambda on: box.setChecked(bool(on)), box, box)
        return box

    def hold(self, key: str, value: Any = "") -> None:
        """A value without an input: it is set elsewhere, and kept and given with the others."""
        kept = [value]
        nothing = QWidget(self._nowhere)
        nothing.hide()

        def put(new: Any) -> None:
            if new != kept[0]:
                kept[0] = new
                self.changed.emit(key)

        self._fields[key] = _Field(lambda: kept[0], put, nothing, nothing)

    def _labelled(
        self, key: str, caption: str, editor: QWidget, get: Callable[[], Any], put: Callable[[Any], Any], tip: str
    ) -> LabelledField:
        holder = LabelledField(caption, editor)
        editor.setToolTip(plain_tip(tip))
        editor.setAccessibleDescription(tip)
        self._fields[key] = _Field(get, put, holder, editor)
        return holder

    def __getitem__(self, key: str) -> Any:
        return self._fields[key].get()

    def __setitem__(self, key: str, value: Any) -> None:
        self._fields[key].set(value)

    def __contains__(self, key: str) -> bool:
        return key in self._fields

    def editor(self, key: str) -> QWidget:
        """The input widget of a field."""
        return self._fields[key].editor

    def show(self, key: str, shown: bool) -> None:
        """Show or hide a field with its caption."""
        self._fields[key].holder.setVisible(shown)

    def values(self) -> dict[str, Any]:
        """Every field's value, JSON-able."""
        return {key: field.get() for key, field in self._fields.items()}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Set the fields named in `values`; keys and values that no longer exist are ignored."""
        for key, value in values.items():
            if key not in self._fields:
                continue
            try:
                self._fields[key].set(value)
            except (TypeError, ValueError, OverflowError):
                continue
