"""Services: what a program asks for in place of a person: a map tile as PNG, quotes as JSON, a mailbox as text, SOAP.

Each is a form with parameters that both sides agreed on. All of it is made up here, nothing leaves the machine, and no
XML entity is expanded. It must not know connections.
"""

from __future__ import annotations

import html
import math
import struct
import zlib
from typing import Final
from xml.parsers import expat

from protocols.http.server.answer import Answer, error_page, text_answer
from protocols.http.server.asked import Asked
from protocols.http.server.sandbox.login import USER
from protocols.http.server.sandbox.route import Route, Try, json_answer, number, word

SIDE: Final = 64
ZOOM: Final = 6
QUOTED: Final = {"PENS": 12.5, "PAPER": 4.2, "INK": 31.0}
SOAP_BYTES: Final = 64 << 10
SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_LAND, _SEA, _LINE = b"\xc9\xdf\xb0", b"\x9c\xc4\xe4", b"\x6b\x7a\x8c"
_MAIL: Final = {USER: ("ada@example.org: The numbers", "sales@example.org: Cheaper ink")}
_ENVELOPE: Final = f"""\
<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="{SOAP}">
  <soap:Body>
    <GetPrice xmlns="urn:netlab:prices"><Item>PENS</Item></GetPrice>
  </soap:Body>
</soap:Envelope>
"""


def routes() -> list[Route]:
    """The services."""
    return [
        Route("/services/tile", tile, "Services", "A map tile",
              "A PNG of a made-up map: ?zoom=, ?x= and ?y= say which square, as map services have it.",
              "/services/tile?zoom=2&x=1&y=1"),
        Route("/services/quotes", quotes, "Services", "Quotes",
              f"Prices as JSON: ?symbol= is one of {', '.join(QUOTED)}, several by commas.",
              "/services/quotes?symbol=PENS,INK"),
        Route("/services/mail", mail, "Services", "A mailbox", "How many mails wait for ?user=, as text, a line each.",
              f"/services/mail?user={USER}"),
        Route("/services/soap", soap, "Services", "SOAP",
              "A call as XML in an envelope, by POST: GetPrice with an Item. The answer is an envelope, too. CORBA did "
              "the same in binary, Pyro does it for Python alone.",
              methods=("POST",), tries=(Try("SOAP: GetPrice", "POST", "/services/soap", "text/xml; charset=utf-8",
                                        _ENVELOPE.encode()),)),
    ]  # fmt: skip


def tile(asked: Asked) -> Answer:
    """/services/tile"""
    zoom = number(asked, "zoom", 0, 99)
    x, y, count = number(asked, "x", 0, 1 << 10), number(asked, "y", 0, 1 << 10), 1 << min(zoom, ZOOM)
    if zoom > ZOOM or x >= count or y >= count:
        return error_page(404, f"There is no such tile: zoom is 0 to {ZOOM}, x and y are below 2 to the power of it.")
    rows = [b"".join(_pixel(x + px / SIDE, y + py / SIDE, count, edge=0 in (px, py)) for px in range(SIDE))
            for py in range(SIDE)]  # fmt: skip
    return Answer(200, [("Content-Type", "image/png"), ("Cache-Control", "max-age=60")], png(rows))


def _pixel(x: float, y: float, count: int, *, edge: bool) -> bytes:
    u, v = x / count * math.tau, y / count * math.tau
    land = math.sin(2 * u) + math.cos(3 * v) + 0.6 * math.sin(5 * u + 4 * v) > 0.3
    return _LINE if edge else _LAND if land else _SEA


def png(rows: list[bytes]) -> bytes:
    """Rows of RGB pixels as a PNG (ISO 15948)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def quotes(asked: Asked) -> Answer:
    """/services/quotes"""
    wanted = [one.strip().upper()[:20] for one in word(asked, "symbol", ",".join(QUOTED)).split(",")[:20]]
    unknown = [one for one in wanted if one not in QUOTED]
    if unknown:
        return json_answer({"error": f"nobody trades {', '.join(unknown)}", "symbols": list(QUOTED)}, 404)
    return json_answer({"quotes": [{"symbol": one, "price": QUOTED[one], "currency": "EUR"} for one in wanted]})


def mail(asked: Asked) -> Answer:
    """/services/mail"""
    user = word(asked, "user")[:40]
    found = _MAIL.get(user, ())
    lines = [f"{len(found)} new mails for {user or 'nobody'}", *found]
    return text_answer("\n".join(lines) + "\n")


def soap(asked: Asked) -> Answer:
    """/services/soap"""
    if len(asked.body) > SOAP_BYTES:
        return _fault("Client", f"an envelope has at most {SOAP_BYTES} bytes")
    try:
        item = _item_of(asked.body)
    except (expat.ExpatError, ValueError) as error:
        return _fault("Client", str(error))
    if item not in QUOTED:
        return _fault("Client", f"nobody trades {item[:40]!r}; there are {', '.join(QUOTED)}")
    price = f"<Price>{QUOTED[item]}</Price>"
    return _envelope(200, f'<GetPriceResponse xmlns="urn:netlab:prices">{price}</GetPriceResponse>')


def _item_of(body: bytes) -> str:
    """The text of the Item in an envelope's body. Raises ExpatError, ValueError."""
    path: list[str] = []
    text: list[str] = []
    found: list[str] = []

    def start(name: str, _attributes: object) -> None:
        path.append(name)
        if len(path) > 100:
            raise ValueError("the XML is nested too deep")

    def end(name: str) -> None:
        if [one.rpartition(" ")[2] for one in path] == ["Envelope", "Body", "GetPrice", "Item"]:
            found.append("".join(text))
        path.pop()
        text.clear()

    def refuse(*_: object) -> None:
        raise ValueError("an envelope declares no entities")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text.append
    parser.EntityDeclHandler = refuse
    parser.Parse(body, True)
    if not found:
        raise ValueError("the envelope has no Envelope/Body/GetPrice/Item")
    return found[0].strip().upper()


def _fault(code: str, why: str) -> Answer:
    """SOAP 1.1 section 4.4: a fault is an answer with status 500."""
    return _envelope(500, f"<soap:Fault><faultcode>soap:{code}</faultcode>"
                     f"<faultstring>{html.escape(why[:300])}</faultstring></soap:Fault>")  # fmt: skip


def _envelope(status: int, inner: str) -> Answer:
    text = f"""<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="{SOAP}"><soap:Body>{inner}</soap:Body></soap:Envelope>
"""
    return Answer(status, [("Content-Type", "text/xml; charset=utf-8")], text.encode("utf-8", "replace"))

