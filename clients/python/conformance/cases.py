"""What the conformance programs of this folder share: texts, arguments, and the form of the answers."""

from __future__ import annotations

import argparse
import json
import wave
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import grpc
from google.rpc import code_pb2

from tth.v1 import controls_pb2, media_pb2

TURN_TEXT = "One two three four five."
LONG_TEXT = "One two three four five six seven eight nine ten. " * 4
CHUNKS_BEFORE_STOP = 3
BUSY_S = 0.5
"""For so long the application does not read, so that events wait in the library."""
UNKNOWN_SESSION = "s_unknown"
H264 = media_pb2.MediaPreferences(video_codec=media_pb2.VIDEO_CODEC_H264)
FILM_CONTROLS = controls_pb2.Controls(render=controls_pb2.Render(idle_mode=controls_pb2.IDLE_MODE_NONE))
"""So that the first picture of the first turn is a key frame."""
MEDIA = frozenset({"text_delta", "audio_chunk", "video_frame", "motion_frame", "word_timing"})
TERMINAL = frozenset({"turn_complete", "turn_stopped"})


def arguments(names: Iterable[str]) -> argparse.Namespace:
    """CASE --target HOST:PORT --output DIR."""
    parser = argparse.ArgumentParser()
    parser.add_argument("case", choices=tuple(names))
    parser.add_argument("--target", required=True, metavar="HOST:PORT")
    parser.add_argument("--output", required=True, type=Path, metavar="DIR")
    return parser.parse_args()


def told(answer: dict[str, Any]) -> None:
    """The answer, on the last line."""
    print(json.dumps(answer))


def kind(event: Any) -> str:
    """Name of its payload."""
    return event.WhichOneof("payload") or ""


def described(event: Any, generation: int) -> dict[str, Any]:
    """An event as the driver wants it."""
    return {"seq": event.seq, "turn_id": event.turn_id, "generation": generation, "kind": kind(event)}


def summary(events: Sequence[Any], generation: int) -> dict[str, Any]:
    """Answer of `turn`."""
    return {
        "events": [described(event, generation) for event in events],
        "text": "".join(event.text_delta.text for event in events),
        "audio_samples": sum(event.audio_chunk.sample_count for event in events),
        "frames": sum(kind(event) == "video_frame" for event in events),
        "terminal": kind(events[-1]),
    }


class Secrets:
    """What `secure` finds in its folder: where a certificate is due, the name of its file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.token = (folder / "token").read_text()

    def credentials(self, ca: str = "ca.pem", *, shows_certificate: bool = True) -> grpc.ChannelCredentials:
        """TLS that trusts `ca`."""
        names = (ca, "client.key", "client.pem") if shows_certificate else (ca,)
        return grpc.ssl_channel_credentials(*((self._folder / name).read_bytes() for name in names))

    def refused(self) -> list[dict[str, Any]]:
        """What a client is made with that is to be refused: by a wrong CA, for want of a certificate, of a token."""
        return [
            {"credentials": self.credentials("other-ca.pem"), "token": self.token},
            {"credentials": self.credentials(shows_certificate=False), "token": self.token},
            {"credentials": self.credentials()},
        ]


def write_sound(path: Path, events: Sequence[Any]) -> None:
    """The sound of a turn as WAV."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        for event in events:
            file.writeframes(event.audio_chunk.data)


def late_media(events: Sequence[Any], turn_id: str) -> list[str]:
    """Kinds of the turn's media that were handed on behind the third audio chunk."""
    mine = [kind(event) for event in events if event.turn_id == turn_id]
    chunks = [index for index, name in enumerate(mine) if name == "audio_chunk"]
    return [name for name in mine[chunks[CHUNKS_BEFORE_STOP - 1] + 1 :] if name in MEDIA]


def word(timing: Any) -> dict[str, Any]:
    """A word as the driver wants it."""
    return {"text": timing.word, "pts_us": timing.pts_us, "duration_us": timing.duration_us}


def end_of_third(words: Sequence[dict[str, Any]]) -> int:
    """When the third word ends; 0 while it has not come."""
    return words[2]["pts_us"] + words[2]["duration_us"] if len(words) > 2 else 0


def result(item: Any, controls_pb2: Any) -> dict[str, str]:
    """A ControlResult as the driver wants it."""
    return {
        "path": item.path,
        "outcome": controls_pb2.ControlOutcome.Name(item.outcome),
        "requested": item.requested,
        "effective": item.effective,
        "reason": item.reason,
        "adapter": item.adapter,
    }


def refusal(error: Any) -> dict[str, Any]:
    """An error event as the driver wants it."""
    fields = [item.field for item in error.field_violations]
    return {
        "code": code_pb2.Code.Name(error.code),
        "reason": error.reason,
        "fields": fields,
        "retryable": error.retryable,
    }
