"""The conformance cases with `tth_client.py`, on the generated stubs alone: no package of TTH is installed here."""
# ruff: noqa: E402 - the stubs must be found first

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[1]
sys.path[:0] = [str(HERE / "generated"), str(HERE)]

import blocking
from cases import UNKNOWN_SESSION
from film import write_film
from tth_client import Client, Conversation, Session, TthError


def _talk(client: Client, session: Any) -> Conversation:
    return client.converse(Session(session) if session == UNKNOWN_SESSION else Session.of(session))


def _film(path: Path, events: list[Any]) -> None:
    frames = [event.video_frame for event in events if event.HasField("video_frame")]
    write_film(path, frames, [event.audio_chunk for event in events if event.HasField("audio_chunk")])


LIBRARY = blocking.Library(
    connect=Client,
    talk=_talk,
    leave=lambda conversation: conversation.break_off(),
    talk_on=lambda client, session: client.converse(session),
    stale_count=lambda conversation: conversation.stale_dropped,
    connection_count=lambda conversation: conversation.connections,
    film=_film,
    failure=TthError,
    fields=lambda error: list(error.fields),
)

if __name__ == "__main__":
    assert importlib.util.find_spec("tth.client") is None, "the package is here: this would prove nothing"
    sys.exit(blocking.run(LIBRARY))
