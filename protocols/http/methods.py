"""The methods that a request can be made with, and what each asks for. Any other word can be sent, too.

urllib knows GET and POST, and sends others when it is told their name; it puts no file by FTP and builds no multipart
body. Data only. RFC 9110 section 9, RFC 5789, RFC 4918.
"""

from __future__ import annotations

from typing import Final

from protocols.named import Named

METHODS: Final = (
    Named("GET", "GET", "Gives what is there. Safe: it may be asked again and again."),
    Named("POST", "POST", "Takes the body and does something with it; again means once more."),
    Named("PUT", "PUT", "Puts the body at this place, in place of what was there. To ftp: it uploads."),
    Named("PATCH", "PATCH", "Changes a part of what is there, as the body says."),
    Named("DELETE", "DELETE", "Takes it away."),
    Named("HEAD", "HEAD", "As GET, without the body: only what is said about it."),
    Named("OPTIONS", "OPTIONS", "Asks what may be asked: the answer's Allow lists it."),
    Named("TRACE", "TRACE", "Gives the request back as it arrived; most servers refuse."),
)
_DAV_NOTE: Final = "WebDAV (RFC 4918): files by HTTP. Apache with mod_dav knows it, the servers here answer 405 or 501."
WEBDAV: Final = (
    Named("PROPFIND", "PROPFIND", "Lists a folder and the properties of what is in it; Depth: 0, 1 or infinity."),
    Named("PROPPATCH", "PROPPATCH", "Changes properties."),
    Named("MKCOL", "MKCOL", "Makes a folder."),
    Named("COPY", "COPY", "Copies it to the URL in Destination."),
    Named("MOVE", "MOVE", "Moves it to the URL in Destination."),
    Named("LOCK", "LOCK", "Locks it against others; If sends the token that the answer gives."),
    Named("UNLOCK", "UNLOCK", "Gives a lock back; Lock-Token says which."),
)


def webdav_note(method: str) -> str:
    """What must be known of a method of WebDAV, "" for another one."""
    found = next((one for one in WEBDAV if one.id == method.strip().upper()), None)
    return f"{found.meaning} {_DAV_NOTE}" if found is not None else ""
