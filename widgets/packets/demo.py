"""What the tour does with packets, as a newcomer would: open the sample, filter, look into a packet, follow a stream.

It must not reach around the widgets: it clicks and types, and looks at results.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from widgets.panel import Check, Click, DemoStep, Picture, Type, Wait

if TYPE_CHECKING:
    from widgets.packets.panel import PacketsPanel


def steps(panel: PacketsPanel) -> Iterator[DemoStep]:
    """The sample: 25 packets; those of one connection; a request, byte by byte; what both ends said."""
    page = panel.packets
    panel.show_view("packets")
    if page.empty.isVisible():
        yield Click(page.sample_button)
    else:
        page.open_sample()
    yield Wait("the sample is read whole", lambda: page.document.told is not None and not page.document.reading)
    yield Check("all its packets are in the list", page.model.rowCount() == 25)
    yield Type(page.bar.field, "http or tcp.flags.syn", enter=True)
    yield Wait("the filter shows some of them", lambda: 0 < page.model.rowCount() < 25)
    yield Type(page.bar.field, "ip.adr == 10.9.0.2", enter=True)
    yield Wait("a filter that is none says where it is wrong", lambda: "ip.addr" in page.bar.trouble.text())
    page.filter("")
    yield Wait("all are there again", lambda: page.model.rowCount() == 25)
    page.go_to(7)
    yield Wait("the request is dissected", lambda: page.packet.number == 8 and page.packet.tree is not None, 30.0)
    page.packet.tree_view.choose_key("TCP.flags")
    yield Check("the flags of TCP are marked in the bytes", page.packet.hex.mark == (46, 48))
    page.follow_stream()
    yield Wait("both ends of the stream are put together", lambda: page.stream.follow is not None)
    follow = page.stream.follow
    yield Check("the server's answer is whole", follow is not None and b"Hello from the lab" in follow.side(False))
    page.show_tab("experts")
    yield Check("the experts have found what is odd", page.statistics.experts.rows.rowCount() >= 3)
    page.show_tab("packet")
    yield Picture()
    page.document.close()
    page.child.stop()
