"""A conversation on the generated stubs alone: two turns, saved as WAV and MP4; the second one is interrupted.

./generate.sh && .venv/bin/python example.py --target 127.0.0.1:50051 --output out
"""

from __future__ import annotations

import argparse
import sys
import time
import wave
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "generated"))

from film import write_film
from tth_client import Client, Conversation, Session, TthError

from tth.v1.controls_pb2 import EMOTION_LABEL_HAPPY, EMOTION_LABEL_SURPRISED, Character, Controls, Emotion
from tth.v1.converse_pb2 import TEXT_MODE_SAY, ConverseResponse, PlaybackPosition
from tth.v1.media_pb2 import AudioChunk, VideoFrame

SAMPLE_RATE_HZ = 24_000
REPORT_EVERY_S = 0.3
STOP_AFTER_US = 1_500_000


class Player:
    """Where a player would be: it starts with the first sound, and cannot play what has not come."""

    def __init__(self) -> None:
        self.begin_us = self._end_us = 0
        self._began_s: float | None = None

    def take(self, event: ConverseResponse) -> None:
        if self._began_s is None:
            self._began_s, self.begin_us = time.monotonic(), event.audio_chunk.pts_us
        self._end_us = event.audio_chunk.pts_us + event.audio_chunk.duration_us

    def position_us(self) -> int:
        """On the media clock."""
        passed_us = 0 if self._began_s is None else round(1e6 * (time.monotonic() - self._began_s))
        return min(self.begin_us + passed_us, self._end_us)


@dataclass
class Film:
    """What is shown and heard in the conversation."""

    frames: list[VideoFrame] = field(default_factory=list)
    sound: list[AudioChunk] = field(default_factory=list)


def play(conversation: Conversation, turn_id: str, film: Film, wav: Path, stop_after_us: int | None = None) -> None:
    """Follow one turn to its end: save its media, report playback, interrupt it when told to."""
    player, reported_s = Player(), 0.0
    with wave.open(str(wav), "wb") as sound:
        sound.setparams((1, 2, SAMPLE_RATE_HZ, 0, "NONE", ""))
        for event in conversation.events_of(turn_id):
            kind = event.WhichOneof("payload")
            if kind == "session_state" and event.session_state.resumed:
                print("\n(the connection was lost and is back)")
            if kind == "video_frame":
                film.frames.append(event.video_frame)
            if event.turn_id != turn_id:
                continue  # idle pictures, say
            if kind == "text_delta":
                print(event.text_delta.text, end="", flush=True)
            elif kind == "audio_chunk":
                player.take(event)
                sound.writeframes(event.audio_chunk.data)
                film.sound.append(event.audio_chunk)
            elif kind == "error":
                print(f"\n{event.error.message} ({event.error.reason})", file=sys.stderr)
            elif kind == "turn_metrics":
                for item in event.turn_metrics.control_report.results:
                    print(f"\n  {item.path}: {item.requested} -> {item.effective} {item.reason}", end="")
            elif kind == "turn_stopped":
                print(f"\n  heard: {event.turn_stopped.heard_text!r}", end="")
            here = PlaybackPosition(turn_id=turn_id, audio_pts_us=player.position_us(), last_seq=event.seq)
            if stop_after_us is not None and here.audio_pts_us - player.begin_us >= stop_after_us:
                conversation.interrupt(turn_id, playback=here)
                stop_after_us = None
            elif player.begin_us and time.monotonic() - reported_s > REPORT_EVERY_S:
                conversation.report_playback(here)
                reported_s = time.monotonic()
    print(f"\n  {wav}\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", default="127.0.0.1:50051", metavar="HOST:PORT")
    parser.add_argument("--output", default=Path("out"), type=Path, metavar="DIR")
    asked = parser.parse_args()
    asked.output.mkdir(parents=True, exist_ok=True)
    film = Film()
    happy = Controls(emotion=Emotion(label=EMOTION_LABEL_HAPPY, intensity=0.8))
    lively = Controls(character=Character(speech_rate=1.2, expressivity=0.9))
    surprised = Controls(emotion=Emotion(label=EMOTION_LABEL_SURPRISED))
    try:
        with Client(asked.target) as client:
            reply = client.create_session(happy)
            with client.converse(Session.of(reply)) as conversation:
                play(conversation, conversation.say("Who are you?", controls=lively), film, asked.output / "answer.wav")
                conversation.update(surprised)
                text = "I could go on like this for a very long time, if nobody stopped me in the middle of it all."
                turn_id = conversation.say(text, mode=TEXT_MODE_SAY)
                play(conversation, turn_id, film, asked.output / "interrupted.wav", STOP_AFTER_US)
                print(f"{conversation.stale_dropped} stale events were dropped")
            client.end_session(reply.session_id)
        write_film(asked.output / "film.mp4", film.frames, film.sound)
        print(f"{asked.output / 'film.mp4'}: {len(film.frames)} pictures")
    except TthError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
