"""What is printed where there is no terminal."""

from __future__ import annotations

import pytest

from tth.cli.terminal import Terminal

pytestmark = pytest.mark.unit


def test_without_a_terminal_there_is_no_control_character(capsys: pytest.CaptureFixture[str]) -> None:
    """Plain lines, styles or not."""
    terminal = Terminal()
    terminal.line("hello", "bold red")
    terminal.table(("a", "b"), [("1", "2")])
    with terminal.working("thinking") as progress:
        progress.now("thinking harder")
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out + printed.err
    assert not terminal.is_live


def test_results_and_progress_have_their_own_stream(capsys: pytest.CaptureFixture[str]) -> None:
    """A pipe gets the result only."""
    terminal = Terminal()
    terminal.line("result")
    terminal.note("note")
    with terminal.working("one") as progress:
        progress.now("one")
        progress.now("two")
    printed = capsys.readouterr()
    assert printed.out == "result\n"
    assert printed.err == "note\none\ntwo\n"


def test_text_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Brackets and colons are no mark-up, and long lines are not broken."""
    text = "[red]not red[/red] :smile: " + "long " * 100
    Terminal().line(text)
    assert capsys.readouterr().out == text + "\n"


def test_pieces_make_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A reply is shown as it comes."""
    terminal = Terminal()
    for piece in ("Hel", "lo", " there"):
        terminal.piece(piece)
    terminal.line()
    assert capsys.readouterr().out == "Hello there\n"


def test_a_table_is_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers to the right; cells may have several lines."""
    Terminal().table(("name", "ms"), [("first", "7"), ("second\nline", "123")], right=frozenset({1}))
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["name     ms", "first     7", "second  123", "line"]


def test_colours_where_a_terminal_is_forced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And none when NO_COLOR is set."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    Terminal().line("hello", "red")
    assert "\x1b[31m" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    Terminal().line("hello", "red")
    assert "\x1b[31m" not in capsys.readouterr().out
