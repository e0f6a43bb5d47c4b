"""What the parsers of the command line say to somebody who mistypes."""

from __future__ import annotations

import argparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab_gui.cli import build_parser
from protocols.words import Parser, WordParser


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    """A small command line of the same build as the lab's."""
    return made()


def made() -> argparse.ArgumentParser:
    root = Parser(prog="lab")
    root.add_argument("--open", metavar="FILE")
    commands = root.add_subparsers(metavar="COMMAND", parser_class=WordParser)
    serve = commands.add_parser("serve", epilog="for example:\n  lab serve echo         a note\n")
    serve.add_argument("what", choices=("echo", "upper"), metavar="echo|upper")
    serve.add_argument("--port", type=int)
    serve.add_argument("--model", choices=("threads", "fork"))
    serve.add_argument("--step", type=int, choices=range(1, 10))
    serve.add_argument("--json", action="store_true")
    serve.add_word("web", "a folder").add_argument("--root", required=True)
    commands.add_parser("talk").add_argument("words", nargs="+")
    return root


def refusal(parser: argparse.ArgumentParser, line: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What stderr says first to these arguments; the exit status is 2 and the last line says where to read on."""
    with pytest.raises(SystemExit) as end:
        parser.parse_args(line.split())
    out, err = capsys.readouterr()
    assert (end.value.code, out) == (2, "")
    lines = err.splitlines()
    assert lines[-1].endswith('--help" explains it.')
    return "\n".join(lines[:-1])


@pytest.mark.parametrize(("line", "said"), [
    ("sevre echo", "lab: error: there is no 'sevre'. Did you mean serve?"),
    ("SERVE", "lab: error: there is no 'SERVE'. Did you mean serve?"),
    ("xyz", "lab: error: there is no 'xyz'; there are serve, talk"),
    ("help", "lab: error: there is no 'help'. Did you mean --help?"),
    ("--opne x", "lab: error: there is no option --opne. Did you mean --open?"),
    ("-o", "lab: error: there is no option -o. Did you mean --open?"),
    ("--json serve echo", "lab: error: there is no option --json; the options of a command stand behind it"),
    ("serve eco", "lab serve: error: there is no 'eco'. Did you mean echo?"),
    ("serve wbe --root x", "lab serve: error: there is no 'wbe'. Did you mean web?"),
    ("serve", "lab serve: error: missing: echo|upper\nfor example: lab serve echo"),
    ("serve echo --prot 5", "lab serve: error: there is no option --prot. Did you mean --port?"),
    ("serve --prot 5", "lab serve: error: there is no option --prot. Did you mean --port?"),
    ("serve echo --prot=5", "lab serve: error: there is no option --prot. Did you mean --port?"),
    ("serve echo -p 5", "lab serve: error: there is no option -p. Did you mean --port?"),
    ("serve echo --model thread", "lab serve: error: --model: there is no 'thread'. Did you mean threads?"),
    ("serve echo --model x", "lab serve: error: --model: there is no 'x'; there are threads, fork"),
    ("serve echo --step 12", "lab serve: error: --step: there is no 12; there are 1, 2, 3, 4, 5, 6, 7, 8, 9"),
    ("serve echo --port", "lab serve: error: --port: expected one argument"),
    ("serve echo upper", "lab serve: error: 'upper' is one word too many"),
    ("serve --json web", "lab serve: error: 'web' stands first: lab serve web .."),
    ("serve --json web --root x", "lab serve: error: 'web' stands first: lab serve web --root .."),
    ("serve web --rot x", "lab serve web: error: there is no option --rot. Did you mean --root?"),
    ("serve web", "lab serve web: error: missing: --root"),
])  # fmt: skip
def test_a_mistake_is_answered_with_a_sentence(
    parser: argparse.ArgumentParser, line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refusal(parser, line, capsys) == said


def test_what_is_right_is_left_alone(parser: argparse.ArgumentParser) -> None:
    assert parser.parse_args(["serve", "web", "--root", "x"]).root == "x"
    chosen = parser.parse_args(["serve", "--mod", "fork", "upper", "--port=-5"])
    assert (chosen.what, chosen.model, chosen.port) == ("upper", "fork", -5)
    assert parser.parse_args(["talk", "--", "--prot", "-x"]).words == ["--prot", "-x"]
    assert parser.parse_args(["talk", "--no option"]).words == ["--no option"]
    assert parser.parse_args([]).open is None


KNOWN = ("serve", "web", "echo", "talk", "--port", "5", "--json", "--", "-", "-x", "--root=", "", "--rot", "--help")


@given(st.lists(st.sampled_from(KNOWN) | st.text(max_size=6), max_size=6))
def test_every_line_is_taken_or_refused_with_two(line: list[str]) -> None:
    try:
        made().parse_args(line)
        status = 0
    except SystemExit as end:
        status = int(end.code or 0)
    assert status in (0, 2)


def every_parser() -> list[argparse.ArgumentParser]:
    """The lab's own: the commands, and the words of `serve`."""
    found: list[argparse.ArgumentParser] = [build_parser()]
    for parser in found:
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                found += action.choices.values()
        found += parser._words.values() if isinstance(parser, WordParser) else ()
    return found


def test_every_help_of_the_lab_has_an_example_and_the_exit_status() -> None:
    parsers = every_parser()
    assert {"netlab", "netlab serve", "netlab serve web", "netlab tour"} <= {parser.prog for parser in parsers}
    for parser in parsers:
        text = parser.format_help()
        assert f"for example:\n  {parser.prog}" in text.replace("echo hello | ", ""), parser.prog
        assert "Exit status: 0 " in text, parser.prog


def test_no_help_of_the_lab_is_too_wide_for_a_small_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for parser in every_parser():
        lines = parser.format_help().partition("\n\n")[2].splitlines()  # the usage is argparse's own
        wide = [line for line in lines if len(line) > 80 and not line.startswith("  netlab ")]  # those are for copying
        assert wide == [], parser.prog


def test_help_flows_but_its_examples_stay_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    end = (
        "for example:\n  lab go --a-long-option with-its-value      and a note of its own\n  lab stay   short\n"
        "A sentence that is written on more\nthan one line.\nExit status: 0 done."
    )
    monkeypatch.setenv("COLUMNS", "60")
    assert Parser(prog="lab", add_help=False, epilog=end).format_help().partition("\n\n")[2] == (
        "for example:\n  lab go --a-long-option with-its-value\n      and a note of its own\n  lab stay   short\n"
        "A sentence that is written on more than one line.\nExit status: 0 done.\n"
    )


def test_the_help_of_serve_names_every_server() -> None:
    (serve,) = [parser for parser in every_parser() if parser.prog == "netlab serve"]
    text = serve.format_help()
    (what,) = [action for action in serve._actions if not action.option_strings]
    assert isinstance(serve, WordParser)
    for name in (*(what.choices or ()), *serve._words):
        assert name in text
