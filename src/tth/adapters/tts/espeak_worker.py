"""The process in which espeak-ng lives: clauses in on standard input, sound and timings out on standard output.

Started by the adapter as `python -m tth.adapters.tts.espeak_worker`; ends at the end of its input, so that it never
outlives its parent, however that died. Frames: espeak_wire.py. It imports nothing heavy: it is ready in well under
half a second. Tests: tests/adapters/tts/test_espeak.py.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from typing import Any, BinaryIO

from tth.adapters.tts.espeak_languages import scripts_of
from tth.adapters.tts.espeak_library import Library, UnknownVoice
from tth.adapters.tts.espeak_prosody import EspeakProsody
from tth.adapters.tts.espeak_sound import SILENCE, SpokenClause, finish
from tth.adapters.tts.espeak_text import is_open, pause_after_ms, spoken_text
from tth.adapters.tts.espeak_wire import Frame, pack, read_frame


class Inbox:
    """Requests in order, and which of them are cancelled; filled by a thread of its own."""

    def __init__(self) -> None:
        self._requests: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self._cancelled_up_to = -1

    def fill(self, stream: BinaryIO) -> None:
        """Read until the end of the input, then end the process: nobody is left to speak for."""
        while (frame := read_frame(stream)) is not None:
            if frame.header.get("cancel"):
                self._cancelled_up_to = max(self._cancelled_up_to, frame.header["id"])
            else:
                self._requests.put(frame)
        os._exit(0)

    def take(self) -> Frame:
        """The next request; waits for it."""
        return self._requests.get()

    def is_cancelled(self, request_id: int) -> bool:
        """Whether nobody wants this answer any more."""
        return request_id <= self._cancelled_up_to


def main() -> None:
    """Serve until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then closes our input
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever the C library prints must not break a frame
    try:
        library = Library()
    except OSError as error:
        _send(output, {"failed": type(error).__name__})
        return
    inbox = Inbox()
    threading.Thread(target=inbox.fill, args=(sys.stdin.buffer,), daemon=True).start()
    _send(output, {"ready": True})
    while True:
        request = inbox.take()
        if inbox.is_cancelled(request.header["id"]):
            continue
        _answer(library, inbox, output, request.header)
        library.close()
        library = Library()


def _answer(library: Library, inbox: Inbox, output: BinaryIO, request: dict[str, Any]) -> None:
    request_id = request["id"]
    try:
        clause = _speak(library, inbox, request_id, request["say"])
    except UnknownVoice:
        _send(output, {"id": request_id, "error": "VOICE_UNKNOWN"})
        return
    header = {
        "id": request_id,
        "phonemes": [[p.ipa, p.start_sample, p.sample_count, p.stress] for p in clause.phonemes],
        "words": [[w.offset, len(w.word), w.start_sample, w.sample_count] for w in clause.words],
    }
    if not inbox.is_cancelled(request_id):
        _send(output, header, clause.pcm.astype("<i2").tobytes())


def _speak(library: Library, inbox: Inbox, request_id: int, say: dict[str, Any]) -> SpokenClause:
    """One clause; empty where there is nothing to speak, and for one that is cancelled meanwhile."""
    prosody, clause, is_last = EspeakProsody(**say["prosody"]), say["text"], say["is_last"]
    text = spoken_text(clause, scripts_of(prosody.voice.partition("+")[0]))
    if not text.words:
        return SILENCE
    raw = library.speak(
        # A comma keeps the voice up where the next clause goes on.
        text.text + ("," if is_open(clause) and not is_last else ""),
        prosody.voice,
        prosody.rate_wpm,
        prosody.pitch,
        prosody.pitch_range,
        lambda: inbox.is_cancelled(request_id),
    )
    if inbox.is_cancelled(request_id):
        return SILENCE
    pause_ms = pause_after_ms(clause, is_last) / min(max(prosody.speed, 0.5), 2.0)
    return finish(raw, clause, text, prosody, pause_ms, say["tone"])


def _send(output: BinaryIO, header: dict[str, Any], body: bytes = b"") -> None:
    output.write(pack(header, body))
    output.flush()


if __name__ == "__main__":
    main()
