"""Qt reads back what was registered, byte for byte."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QDir, QFile

from widgets.theme.resources import register

_numbers = iter(range(1_000_000))


@settings(max_examples=25)
@given(st.dictionaries(st.from_regex(r"[a-zA-Z_]{1,12}\.svg", fullmatch=True), st.binary(max_size=200), min_size=1))
def test_files_come_back_as_they_were(contents: dict[str, bytes]) -> None:
    folder = f"test-{next(_numbers)}"
    names = register(folder, contents)
    assert sorted(QDir(f":/{folder}").entryList()) == sorted(contents)
    for name, data in contents.items():
        picture = QFile(names[name])
        assert picture.open(QFile.OpenModeFlag.ReadOnly)
        assert bytes(picture.readAll().data()) == data
        picture.close()
