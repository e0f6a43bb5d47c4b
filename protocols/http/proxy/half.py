"""Half: one message of an exchange on its way from one stream to the other.

It follows the framing, keeps what goes by, and holds the bytes back while it has no target. It
must not know which way it goes, nor why it is held.
"""

from __future__ import annotations

from typing import Final

from protocols.http.proxy.bodyend import BadBody, BodyEnd
from protocols.http.proxy.entry import Side
from protocols.http.proxy.spool import Spool, SpoolFolder
from protocols.http.proxy.stream import Stream
from protocols.http.server.asked import BadRequest

GATHER_BYTES: Final = 16 << 20
"""So much of a held body is waited for; the rest stays with its sender."""


class Half:
    """One message. unframed: pass the body on without its chunks, for an HTTP/1.0 client.

    asked: it is a request, so bad framing is the client's fault.
    """

    def __init__(
        self, side: Side, source: Stream, end: BodyEnd, folder: SpoolFolder, *, unframed: bool = False,
        asked: bool = False,
    ) -> None:  # fmt: skip
        self.side: Final = side
        self.source: Final = source
        self.end: Final = end
        self.target: Stream | None = None
        self._folder = folder
        self._unframed = unframed
        self._asked = asked
        self._gathered = bytearray()
        self._replaced = False

    @property
    def wants(self) -> bool:
        """Whether more of the body is to be read now."""
        if self.end.done:
            return False
        if self.target is None:
            return len(self._gathered) < GATHER_BYTES
        return self._replaced or not self.target.full

    @property
    def done(self) -> bool:
        """Whether the whole body went by."""
        return self.end.done and self.target is not None

    def pull(self) -> bool:
        """Use what is in the source's buffer; whether there was something. Raises BadBody, BadRequest."""
        if self.end.done or not self.source.buffer or not self.wants:
            return False
        try:
            count, said = self.end.take(bytes(self.source.buffer))
        except BadBody as error:
            if self._asked:
                raise BadRequest(400, str(error)) from None
            raise
        raw = self.source.take(count)
        self.side.body.add(raw)
        piece = said if self._unframed else raw
        if self.target is None:
            self._gathered += piece
        elif not self._replaced:
            self._pass(piece)
        return True

    def open(self, target: Stream, head: bytes, body: bytes | None = None) -> None:
        """Pass the head on, and the body: as it comes, or `body` in its place."""
        self.target = target
        self.side.sent_head += head
        begin = target.put(head)
        if self.side.sent_begin is None:
            self.side.sent_begin = begin
        if body is not None or self._unframed:
            self.side.sent_body = Spool(self._folder)
        if body is not None:
            self._replaced = True
            self._gathered.clear()
            self._pass(body)
        else:
            gathered, self._gathered = bytes(self._gathered), bytearray()
            self._pass(gathered)

    def again(self, target: Stream) -> None:
        """The same once more over another connection; the whole body has been kept."""
        self.target = target
        self.side.sent_begin = target.put(self.side.sent_head)
        target.put((self.side.sent_body or self.side.body).read())

    def _pass(self, piece: bytes) -> None:
        assert self.target is not None
        self.target.put(piece)
        if self.side.sent_body is not None:
            self.side.sent_body.add(piece)
