"""To come."""
from typing import Any

from protocols.http.formats.imported import FormatError, Imported


def read_openapi(value: Any) -> Imported:
    raise FormatError("Not read yet")
read_yaml = read_openapi
