"""What a reader may rely on in every module: its name, its size, its docstring, and what it never does."""

from __future__ import annotations

import ast
import gc
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("protocols", "widgets", "netlab_gui", "assets", "setup")
MODULES = sorted(path for package in PRODUCT for path in (ROOT / package).rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in MODULES]
WINDOW = [path for path in MODULES if path.relative_to(ROOT).parts[0] in ("netlab_gui", "widgets")]
FORBIDDEN_NAMES = {"utils", "util", "misc", "helpers", "helper", "common", "manager"}
LINES_OF_A_MODULE = 500
LINES_OF_A_FUNCTION = 60
COLOUR = re.compile(r"#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3,4})\b")
TOKENS = ROOT / "widgets" / "theme" / "tokens.py"
REMOVED = {"asyncore", "asynchat", "smtpd", "imp", "cgi", "cgitb", "crypt", "nntplib", "telnetlib", "pipes"}
DEAD = {"httpx", "PySide6.QtNetwork", "PySide6.QtCharts", "PySide6.QtAsyncio", "PySide6.QtConcurrent"}

def where(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(scope="module", autouse=True)
def _trees() -> Iterator[None]:
    """Of a million nodes none is in a circle: to look for one takes longer than to parse, and later tests would too."""
    gc.disable()
    yield
    for kept in (tree_of, nodes_of, calls_of):
        kept.cache_clear()
    gc.enable()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 11))


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    """Every node of a module: most of the gates ask for all of them, and to find them takes as long as to parse."""
    return list(ast.walk(tree_of(path)))


def imports_of(path: Path) -> Iterator[str]:
    """Every module named by an import, `from a import b` as "a.b" too."""
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def calls_of(path: Path) -> list[str]:
    """Every call as it is written: "os.fork"."""
    return [ast.unparse(node.func) for node in nodes_of(path) if isinstance(node, ast.Call)]


def test_there_is_something_to_look_at() -> None:
    assert len(MODULES) > 50


def test_no_drawer_without_a_subject() -> None:
    parts = [(name, part) for name in NAMES for part in Path(name).with_suffix("").parts]
    assert [name for name, part in parts if part.strip("_") in FORBIDDEN_NAMES] == []


def test_a_module_is_small_enough_to_read() -> None:
    lines = {where(path): path.read_text(encoding="utf-8").count("\n") for path in MODULES}
    assert {name: count for name, count in lines.items() if count > LINES_OF_A_MODULE} == {}


def test_a_function_is_small_enough_to_read() -> None:
    found = [
        f"{where(path)} {node.name}: {node.end_lineno - node.lineno + 1} lines"
        for path in MODULES
        for node in nodes_of(path)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LINES_OF_A_FUNCTION
    ]
    assert found == []


def test_a_module_says_what_it_is() -> None:
    assert [where(path) for path in MODULES if not ast.get_docstring(tree_of(path))] == []


def test_a_package_holds_its_code_in_modules() -> None:
    for path in MODULES:
        body = tree_of(path).body
        if path.name == "__init__.py" and len(body) > 1:
            # A room that is a library of its own may name what it offers.
            *imports, names = body[1:]
            assert all(isinstance(node, ast.ImportFrom) for node in imports), path
            assert isinstance(names, ast.Assign), path
            assert ast.unparse(names.targets[0]) == "__all__", path


def test_no_colour_outside_the_tokens() -> None:
    found = [
        f"{where(path)}:{node.lineno} {node.value!r}"
        for path in MODULES
        if path != TOKENS
        for node in nodes_of(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and COLOUR.search(node.value)
    ]
    assert found == []


def test_no_colour_in_a_style_sheet_or_an_icon() -> None:
    found = [path for pattern in ("*.qss", "icons/*.svg") for path in (ROOT / "assets").rglob(pattern)
             if COLOUR.search(path.read_text(encoding="utf-8"))]  # fmt: skip
    assert found == []


def test_nothing_dead_or_removed_is_imported() -> None:
    found = [
        f"{name} in {where(path)}"
        for path in MODULES
        for name in imports_of(path)
        if name.partition(".")[0] in REMOVED or name in DEAD or name.rpartition(".")[2] == "QThread"
        or name.startswith("PySide6.QtNetwork")
    ]  # fmt: skip
    assert found == []


def test_nothing_received_can_be_run() -> None:
    dangerous = {"eval", "exec", "os.system", "os.popen", "pickle.loads", "pickle.load", "marshal.loads"}
    assert [where(path) for path in MODULES if not dangerous.isdisjoint(calls_of(path))] == []


def test_the_window_never_forks_sleeps_or_opens_a_modal_box() -> None:
    found = [
        f"{call} in {where(path)}"
        for path in WINDOW
        for call in calls_of(path)
        if call in ("os.fork", "time.sleep") or call.startswith(("QMessageBox", "QInputDialog"))
    ]
    assert found == []


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(line for lines in project.get("optional-dependencies", {}).values()
                                          for line in lines)]  # fmt: skip
    declared = {normal(re.split(r"[<>=!~;\[ ]", line)[0]) for line in wanted}
    known = packages_distributions()
    missing = set()
    for path in MODULES:
        for name in {name.partition(".")[0] for name in imports_of(path)}:
            if name in sys.stdlib_module_names or name in PRODUCT or (path.parent.name == "setup"):
                continue
            if not {normal(found) for found in known.get(name, [name])} & (declared | {"shiboken6"}):
                missing.add(f"{name} in {path.relative_to(ROOT)}")
    assert missing == set()


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_nothing_names_the_place_where_it_was_made() -> None:
    """Folders of one person or one machine; an example lies in /srv."""
    own = re.compile(r"(?<![\w.~])/(?:work|root|home|Users)/\w")
    kinds = {".py", ".md", ".toml", ".qss", ".tmpl", ".txt", ".json", ".sh", ""}
    folders = [*(ROOT / name for name in PRODUCT), ROOT / "tests", ROOT / ".ci"]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix in kinds]
    files += [path for path in ROOT.iterdir() if path.is_file() and path.suffix in kinds and path.name != ".git"]
    found = [str(path.relative_to(ROOT)) for path in files if path != Path(__file__).resolve()
             and own.search(path.read_text(encoding="utf-8", errors="replace"))]  # fmt: skip
    assert found == []
