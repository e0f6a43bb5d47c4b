from __future__ import annotations

from typing import Any, cast

from PySide6.QtCore import Qt

from protocols.service.base import Facts, Service
from widgets.running.model import Column, RunningModel, cell_text, cell_tip


class Fake:
    """Something with a state and facts, as far as the table looks."""

    def __init__(self, name: str, **facts: Any) -> None:
        self.state = "running"
        self._name, self._facts = name, facts

    def facts(self) -> Facts:
        return Facts(self._name, "server", "running", **self._facts)

    def change(self, **facts: Any) -> None:
        self._facts = facts


def services(*fakes: Fake) -> list[Service]:
    return [cast(Service, fake) for fake in fakes]


def test_rows_come_and_go_and_stay_with_their_service(qtmodeltester: Any, qtbot: Any) -> None:
    model = RunningModel()
    one, two, three = Fake("one"), Fake("two"), Fake("three")
    model.refresh(services(one, two))
    qtmodeltester.check(model)
    two.state = "stopped"
    model.refresh(services(one, two, three))
    assert [model.facts(row).name for row in range(model.rowCount())] == ["one", "three"]
    assert model.service(1) is cast(Any, three)
    model.refresh([])
    assert model.rowCount() == 0
    qtmodeltester.check(model)


def test_only_what_changed_is_told(qtbot: Any) -> None:
    model = RunningModel()
    one, two = Fake("one"), Fake("two")
    model.refresh(services(one, two))
    told: list[int] = []
    model.dataChanged.connect(lambda first, _last: told.append(first.row()))
    model.refresh(services(one, two))
    assert told == []
    two.change(threads=("two-server:7",))
    model.refresh(services(one, two))
    assert told == [1]


def test_a_cell_says_how_many_and_its_tip_says_all() -> None:
    threads = tuple(f"conn:{number}" for number in range(6))
    facts = Facts("echo:7", "server", "running", "0.0.0.0:7", threads, (41, 42), (7,), 6, True)
    assert cell_text(facts, Column.THREADS).startswith("6: conn:0, conn:1, conn:2, conn:3, …")
    assert cell_tip(facts, Column.THREADS).splitlines() == list(threads)
    assert cell_text(facts, Column.CHILDREN) == "2: pid 41, pid 42"
    assert cell_text(facts, Column.PORTS) == "7"
    assert "other machines" in cell_tip(facts, Column.WHERE)


def test_numbers_stand_at_the_right(qtbot: Any) -> None:
    model = RunningModel()
    model.refresh(services(Fake("one")))
    side = model.data(model.index(0, Column.CONNECTIONS), Qt.ItemDataRole.TextAlignmentRole)
    assert side & Qt.AlignmentFlag.AlignRight.value
