"""Mr Creosote: debug messages as UDP datagrams, for whoever listens.

One import line is enough in a program of one's own, and loads nothing but the standard library:

    from protocols.creosote import spew
    spew("here I am")

Wire compatible with the module of that name by Jeff Bauer (1998): UDP port 7739, the payload is the
message, no reply. Here it binds the loopback address unless told otherwise.
"""

from protocols.creosote.handler import CreosoteHandler
from protocols.creosote.module import MrCreosote, bucket, spew
from protocols.creosote.wire import BUFSIZE, PORT

__all__ = ["BUFSIZE", "PORT", "CreosoteHandler", "MrCreosote", "bucket", "spew"]
