"""The picture of a private network: all of it fits, however narrow the view, and nothing lies over another."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from PySide6.QtCore import QLineF, QRectF
from pytestqt.qtbot import QtBot

from protocols.packets.networks.plan import Host, lan, routed
from widgets.packets.networks.view import NetworkView


@pytest.mark.parametrize("width", [420, 780, 940, 1880])
@pytest.mark.parametrize("hosts", [lan(2), lan(4), routed(1), routed(3)])
def test_hosts_and_switches_fit_and_stand_apart(qtbot: QtBot, hosts: tuple[Host, ...], width: int) -> None:
    view = NetworkView()
    qtbot.addWidget(view)
    view.show_network(hosts, standing=True)
    view.show()
    view.resize(width, 1)
    view.resize(width, view.minimumSizeHint().height())
    boxes = view._boxes()
    drawn = [*boxes.values(), *view._switches(boxes).values()]
    assert len(drawn) > len(hosts)
    assert all(QRectF(view.rect()).contains(box) for box in drawn)
    assert not any(one.intersects(other) for one, other in combinations(drawn, 2))


@pytest.mark.parametrize("width", [320, 420, 560, 780, 940])
@pytest.mark.parametrize("hosts", [lan(4), lan(8), routed(3), routed(6)])
def test_no_wire_runs_behind_a_host(qtbot: QtBot, hosts: tuple[Host, ...], width: int) -> None:
    view = NetworkView()
    qtbot.addWidget(view)
    view.show_network(hosts, standing=True)
    view.show()
    view.resize(width, 1)
    view.resize(width, view.minimumSizeHint().height())
    boxes = view._boxes()
    switches = view._switches(boxes)
    for host in hosts:
        for port in host.ports:
            path = view._wire(boxes, host.name, switches[port.segment].center())
            steps = [QLineF(one, other).pointAt(part / 50) for one, other in pairwise(path) for part in range(51)]
            others = [box for name, box in boxes.items() if name != host.name]
            assert not any(box.contains(step) for box in others for step in steps), host.name
