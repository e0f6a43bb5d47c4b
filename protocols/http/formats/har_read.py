"""To come."""
from typing import Any

from protocols.http.formats.imported import FormatError, Imported


def read_har(value: Any) -> Imported:
    raise FormatError("Not read yet")
