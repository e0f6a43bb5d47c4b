"""Pictures of the packets panel in both palettes and several sizes, from the sample capture.

By hand: `python -m tests.gallery.packets --out DIR`. Never collected by pytest.
"""

from __future__ import annotations

from tests.gallery.studio import Studio, asked
from widgets.packets.panel import PacketsPanel


def main() -> None:
    """Take the pictures."""
    chosen = asked(__doc__)
    studio = Studio(PacketsPanel, chosen.out, chosen.sizes)
    page = studio.panel.packets
    studio.shoot("empty")
    page.open_sample()
    studio.until(lambda: page.document.told is not None)
    page.go_to(7)
    studio.until(lambda: page.packet.tree is not None)
    page.packet.tree_view.choose_key("TCP.flags")
    page.document.toggle_mark(9)
    studio.shoot("packet")
    page.follow_stream()
    studio.until(lambda: page.stream.follow is not None)
    studio.shoot("stream")
    for name in ("conversations", "endpoints", "protocols", "graph", "experts"):
        page.show_tab(name)
        studio.shoot(name)
    page.show_tab("packet")
    page.filter("tcp.prt == 8000")
    studio.shoot("trouble")
    page.filter("udp.port == 1")
    studio.settle(0.5)
    studio.shoot("no-match")
    page.child.stop()
    page.document.close()
    studio.lab.close()
    studio.bridge.close()


if __name__ == "__main__":
    main()
