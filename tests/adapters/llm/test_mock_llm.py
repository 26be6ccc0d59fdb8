"""The mock language model."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from tth.adapters.base import LlmInput, SessionContext, TextPiece, TurnContext
from tth.adapters.llm.mock_llm import Settings, build
from tth.errors import AdapterUnavailable
from tth.model.controls import Controls
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline


async def read(settings: Settings, pieces: list[tuple[float, str]]) -> None:
    """Append each piece with its virtual milliseconds."""
    session = build(settings).open_session(SessionContext("s_1"))
    turn = TurnContext("s_1", "t_0", 0)
    async with aclosing(session.infer_stream(LlmInput("good day"), Controls(), turn)) as stream:
        async for piece in stream:
            assert isinstance(piece, TextPiece)
            pieces.append((round(asyncio.get_running_loop().time() * 1000, 3), piece.text))


def reply(settings: Settings) -> list[str]:
    pieces: list[tuple[float, str]] = []
    run_virtual(read(settings, pieces))
    return [text for _, text in pieces]


def test_it_echoes_by_default() -> None:
    """The user's words come back, word by word."""
    assert reply(Settings()) == ["You", " said:", " good", " day"]


@pytest.mark.parametrize(
    ("count", "pieces"),
    [(2, ["One", " two"]), (5, ["One", " two", " three", " One", " two"]), (0, ["One", " two", " three"])],
)
def test_the_number_of_pieces_can_be_set(count: int, pieces: list[str]) -> None:
    """Fewer cut the reply, more begin it again."""
    assert reply(Settings(reply="One two three", token_count=count)) == pieces


def test_pieces_come_at_the_set_pace() -> None:
    """A delay before each piece."""
    pieces: list[tuple[float, str]] = []
    run_virtual(read(Settings(reply="a b c", token_delay_ms=20), pieces))
    assert [at for at, _ in pieces] == [20.0, 40.0, 60.0]


@pytest.mark.parametrize(("fail_after", "count"), [(0, 0), (2, 2), (9, 3)])
def test_it_fails_when_told(fail_after: int, count: int) -> None:
    """After so many pieces, or at the end where there are fewer."""
    pieces: list[tuple[float, str]] = []
    with pytest.raises(AdapterUnavailable) as caught:
        run_virtual(read(Settings(reply="a b c", fail_after=fail_after), pieces))
    assert len(pieces) == count
    assert (caught.value.role, caught.value.adapter) == ("llm", "mock_llm")
