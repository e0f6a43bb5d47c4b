"""Where the lab's data files are: texts, icons, fonts, templates.

One folder beside the packages, in a checkout and when installed. `importlib.resources` would also find
it in a zip archive, which PySide6 rules out, and takes an eighth of the cold start to import. It must not
know what is in the files.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import assets

_FOLDER: Final = Path(os.path.dirname(assets.__file__ or ""))


def asset(*parts: str) -> Path:
    """The path of a data file or folder, by its parts below `assets`."""
    return _FOLDER.joinpath(*parts)
