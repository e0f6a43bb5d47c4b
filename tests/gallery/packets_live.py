"""Pictures of the live half of the packets panel, in both palettes and several sizes, each view at work.

By hand: `python -m tests.gallery.packets_live --out DIR [--only capture,craft,ping,networks]`. What needs a right that
this user lacks is left out, and said so by the picture itself. Never collected by pytest.
"""

from __future__ import annotations

import argparse
import socket
from pathlib import Path
from typing import cast

from protocols.packets.craft.templates import TEMPLATES
from protocols.packets.levels import Level, Levels, More
from protocols.packets.networks.network import possible
from tests.gallery.studio import Studio
from widgets.packets.capture.launch import OWN, Surroundings
from widgets.packets.craft.page import CraftPage
from widgets.packets.networks.page import NetworksPage
from widgets.packets.panel import PacketsPanel
from widgets.packets.reach.page import PingPage

VIEWS = ("capture", "craft", "ping", "networks")
ORDINARY = Levels(
    (
        Level(0, "No permission", True, ("Captures open, packets are dissected and crafted without being sent.",
                                         "The lab's own traffic is shown as packets, reconstructed from its sockets.",
                                         "Traceroute and port checks work.")),
        Level(1, "Private network", False, (), (More(
            "This system lets no ordinary user make a network of its own: user.max_user_namespaces is 0.",
            "sudo sysctl -w user.max_user_namespaces=15000", "user.max_user_namespaces"),)),
        Level(2, "Real interfaces", False, (), (
            More("/usr/bin/dumpcap is there for the group wireshark: join it, then log in again.",
                 "sudo usermod -aG wireshark me", "group wireshark"),
            More("Capture and send raw frames by a child that is started as root; the window stays without.",
                 "sudo netlab capture --interface lo"))),
    ),
    (),
    (),
)  # fmt: skip
"""The levels of a user who may do nothing, wherever the pictures are taken."""


def capture(studio: Studio[PacketsPanel]) -> None:
    """With every right, without any, while it runs, and after."""
    live = studio.panel.live
    page = live.capture
    studio.until(lambda: page.surroundings is not None)
    found = page.surroundings
    assert found is not None
    studio.shoot("capture")
    live.looking.found.emit(Surroundings(ORDINARY, found.interfaces))
    studio.shoot("capture-ordinary")
    live.looking.found.emit(found)
    page.form.fields.set_values({"where": OWN})
    studio.shoot("capture-own")
    if not found.levels.ways:
        return
    with socket.socket(type=socket.SOCK_DGRAM) as ear, socket.socket(type=socket.SOCK_DGRAM) as mouth:
        ear.bind(("127.0.0.1", 0))
        port = ear.getsockname()[1]
        page.form.fields.set_values({"where": "lo", "rule": "udp prt 5"})
        studio.until(lambda: not page.form.filter_ok)
        studio.shoot("capture-filter-wrong")
        page.form.fields.set_values({"rule": f"udp port {port}", "way": found.levels.ways[-1]})
        page.start()
        studio.until(lambda: page.slot.phase == "running")
        for _ in range(900):
            mouth.sendto(b"one of many", ("127.0.0.1", port))
        studio.until(lambda: page.facts["captured"].value() == "900")
        studio.shoot("capture-running")
        page.slot.stop()
        studio.until(lambda: page.slot.phase == "ended")
        studio.shoot("capture-ended")


def craft(studio: Studio[PacketsPanel]) -> None:
    """A packet, one by a template, one that is none, answers, and the lesson of the RST."""
    page = cast(CraftPage, studio.panel.page("craft"))
    studio.until(lambda: page.built is not None)
    studio.shoot("craft")
    page.take_template(next(one for one in TEMPLATES if one.id == "syn"))
    studio.until(lambda: page.built is not None and "TCP" in page.edit.text())
    page.layers.setCurrentRow(1)
    studio.shoot("craft-syn")
    page.edit.setText("IPX()")
    page.edit.textEdited.emit("IPX()")
    studio.until(lambda: "did you mean" in page.edit.accessibleDescription())
    studio.shoot("craft-wrong")
    page.set_expression('IP(dst="127.0.0.1", ttl=(1, 3))/ICMP(id=77)/b"hello"')
    studio.until(lambda: page.built is not None and len(page.built.packets) == 3)
    page.send()
    studio.until(lambda: not page.busy)
    studio.shoot("craft-answers")
    page.demonstrate_rst()
    studio.until(lambda: not page.busy)
    studio.shoot("craft-rst")
    page.bench.child.stop()


def ping(studio: Studio[PacketsPanel]) -> None:
    """Before anything, each kind, and a name that is none."""
    page = cast(PingPage, studio.panel.page("ping"))
    studio.settle(0.3)
    studio.shoot("ping-empty")
    for kind in ("ping", "traceroute", "ports"):
        page.fields.set_values({"kind": kind, "interval_ms": 10, "ports": "22, 80, 5432, 9999"})
        page.start()
        studio.until(lambda: page.service is None and not page.starting and page.model.rowCount() > 0)
        studio.shoot(kind)
    page.fields.set_values({"kind": "ping", "host": "no.such.host.invalid"})
    page.start()
    studio.until(lambda: bool(page.strip.text()))
    studio.shoot("ping-trouble")


def networks(studio: Studio[PacketsPanel]) -> None:
    """Before, with four hosts at work, and a row of routers."""
    page = cast(NetworksPage, studio.panel.page("networks"))
    studio.shoot("networks-empty")
    if possible() is not None:
        return
    for shape in ("lan", "routed"):
        page.fields.set_values({"shape": shape})
        page.start_button.click()
        studio.until(lambda: page.network is not None and not page.busy)
        studio.shoot(f"networks-{shape}")
        page.capture_button.click()
        studio.until(lambda: page.capture is not None and not page.busy)
        if shape == "lan":
            page.demo_button.click()
            studio.until(lambda: sum("recvfrom" in row[1] for row in page.model.rows()) == 3 and not page.busy)
            studio.shoot("networks-lan-broadcast")
        page.stop_button.click()
        studio.until(lambda: page.network is None and not page.busy)


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path("gallery-packets-live"))
    parser.add_argument("--sizes", default="1440,1280,x2")
    parser.add_argument("--only", default=",".join(VIEWS))
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    studio = Studio(PacketsPanel, chosen.out, chosen.sizes)
    studio.panel.desk.folder = chosen.out / "captured"
    scenes = {"capture": capture, "craft": craft, "ping": ping, "networks": networks}
    for name in chosen.only.split(","):
        studio.panel.show_view(name)
        scenes[name](studio)
    studio.panel.packets.document.close()
    studio.panel.packets.child.stop()
    studio.lab.close(20)
    studio.bridge.close()


if __name__ == "__main__":
    main()
