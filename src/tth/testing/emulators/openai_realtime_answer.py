"""One response of the emulated Realtime interface: its ladder of events, its sound, and what goes wrong with it.

Tests: tests/testing/emulators/test_openai_realtime.py.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tth.errors import AdapterError
from tth.model.media import samples_to_ms
from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.openai_realtime_memory import Item
from tth.testing.emulators.speech import Spoken
from tth.testing.emulators.talker import heard_in, token_count, words

if TYPE_CHECKING:
    from tth.testing.emulators.openai_realtime import Link

AUDIO_TOKEN_MS = 50
"""Of sound in one token of the answer."""
FAILURES: Mapping[FaultKind, dict[str, str]] = {
    FaultKind.RATE_LIMITED: {"type": "tokens", "code": "rate_limit_exceeded", "message": "Too many tokens."},
    FaultKind.NO_QUOTA: {"type": "insufficient_quota", "code": "insufficient_quota", "message": "No credit."},
    FaultKind.SERVER_ERROR: {"type": "server_error", "code": "server_error", "message": "The server had an error."},
}
"""Responses that fail before their first item."""


@dataclass
class Answer:
    """One response from its creation to `response.done`."""

    link: Link
    given: Mapping[str, Any]
    response_id: str
    fault: Fault | None
    status: str = "in_progress"
    details: dict[str, Any] | None = None
    output: list[Item] = field(default_factory=list)
    deltas_sent: int = 0
    input_tokens: int = 0
    audio_samples: int = 0
    text_tokens: int = 0

    def __post_init__(self) -> None:
        self.is_cancelled = asyncio.Event()

    @property
    def is_mirrored(self) -> bool:
        """It is written into the default conversation."""
        return bool(self.given.get("conversation") != "none")

    async def run(self) -> None:
        """Everything, up to `response.done`."""
        link = self.link
        delay_s = self.fault.delay_s if self._fails_by(FaultKind.SLOW_FIRST_BYTE) and self.fault else 0.0
        await self._rest(link.emulator.first_byte_s + delay_s)
        await link.send("response.created", response=self.shown())
        limits_first = link.random.random() < 0.5
        if limits_first:
            await link.send_rate_limits()
        if self.is_cancelled.is_set():
            self._end("cancelled", reason="client_cancelled")
        elif self.fault is not None and self.fault.kind in FAILURES:
            self._end("failed", error=FAILURES[self.fault.kind])
        else:
            await self._say_or_fail()
        if self.status == "in_progress":
            self._end("completed")
        await link.send("response.done", response=self.shown(is_over=True))
        if not limits_first:
            await link.send_rate_limits()

    def shown(self, *, is_over: bool = False) -> dict[str, Any]:
        """The response object."""
        session = self.link.session
        output = session["audio"]["output"]
        return {
            "object": "realtime.response",
            "id": self.response_id,
            "status": self.status,
            "status_details": self.details,
            "output": [item.shown() for item in self.output],
            "conversation_id": self.link.conversation_id if self.is_mirrored else None,
            "output_modalities": self._modalities,
            "max_output_tokens": self._limit,
            "audio": {"output": {"format": output["format"], "voice": output["voice"]}},
            "usage": self._usage() if is_over else None,
            "metadata": self.given.get("metadata"),
        }

    # ---- what is said

    async def _say_or_fail(self) -> None:
        try:
            await self._say_all()
        except AdapterError:  # the voice behind this emulator is too busy
            self._end("failed", error=FAILURES[FaultKind.SERVER_ERROR])

    async def _say_all(self) -> None:
        reply = words(await self._reply())
        if self._fails_by(FaultKind.EMPTY_ANSWER):
            reply = []
        limit = len(reply) if self._limit == "inf" else min(len(reply), self._limit)
        if self._fails_by(FaultKind.REFUSED_CONTENT):
            limit = min(limit, 2)
        messages = _shares(reply[:limit], self.link.settings.message_count)
        for index, message in enumerate(messages):
            if self.status == "in_progress":
                await self._say("".join(message), index)
        if self.status == "in_progress" and limit < len(reply):
            refused = self._fails_by(FaultKind.REFUSED_CONTENT)
            self._end("incomplete", reason="content_filter" if refused else "max_output_tokens")

    async def _reply(self) -> str:
        session = self.link.session
        said = [(item.role, item.text) for item in self.link.memory.items if item.text]
        if "input" in self.given:
            said = [said_in(item, self.link) for item in self.given["input"]]
        told = self.given.get("instructions", session["instructions"])
        self.input_tokens = token_count(told) + sum(token_count(text) for _, text in said)
        systems = [told, *(text for role, text in said if role == "system")]
        return await self.link.emulator.talker.answer(heard_in(systems, said))

    async def _say(self, text: str, index: int) -> None:
        """One message: its opening, its deltas, its closing."""
        link = self.link
        is_audio = self._modalities == ["audio"]
        output = link.session["audio"]["output"]
        spoken = await link.emulator.speech.speak(text, output["speed"], str(output["voice"]))
        item = Item(link.new_id("item"), "assistant", is_audio=is_audio, words=spoken.words, status="in_progress")
        self.output.append(item)
        place = {"response_id": self.response_id, "item_id": item.item_id, "output_index": index, "content_index": 0}
        is_late = self._fails_by(FaultKind.WRONG_ORDER)
        if not is_late:
            await self._open(item, place)
        for kind, delta, samples in self._deltas(text, spoken, is_audio=is_audio):
            if self.is_cancelled.is_set():
                self._end("cancelled", reason="client_cancelled")
                break
            if not await self._survives():
                break
            padding = {} if kind == "audio" else {"obfuscation": "x7Qv"}
            await link.send(f"response.output_{kind}.delta", **place, delta=delta, **padding)
            self.deltas_sent += 1
            item.audio_samples += samples
            if kind != "audio":
                item.text += delta
            if is_late:
                is_late = False
                await self._open(item, place)
            await self._rest(link.emulator.word_s)
        await self._close(item, place)

    async def _open(self, item: Item, place: Mapping[str, Any]) -> None:
        link = self.link
        outer = {"response_id": self.response_id, "output_index": place["output_index"], "item": item.shown()}
        await link.send("response.output_item.added", **outer)
        if self.is_mirrored:
            before = link.memory.add(item)
            await link.send("conversation.item.added", previous_item_id=before, item=item.shown())
        part = {"type": "audio", "transcript": ""} if item.is_audio else {"type": "text", "text": ""}
        await link.send("response.content_part.added", **place, part=part)

    async def _close(self, item: Item, place: Mapping[str, Any]) -> None:
        link = self.link
        item.status = "completed" if self.status == "in_progress" else "incomplete"
        self.audio_samples += item.audio_samples
        self.text_tokens += token_count(item.text)
        part: dict[str, Any] = {"type": "text", "text": item.text}
        if item.is_audio:
            part = {"type": "audio", "transcript": item.text}
            await link.send("response.output_audio.done", **place)
            await link.send("response.output_audio_transcript.done", **place, transcript=item.text)
        else:
            await link.send("response.output_text.done", **place, text=item.text)
        await link.send("response.content_part.done", **place, part=part)
        shown = item.shown()
        if self.is_mirrored:
            await link.send("conversation.item.done", previous_item_id=link.memory.before(item), item=shown)
        outer = {"response_id": self.response_id, "output_index": place["output_index"], "item": shown}
        await link.send("response.output_item.done", **outer)

    def _deltas(self, text: str, spoken: Spoken, *, is_audio: bool) -> Iterator[tuple[str, str, int]]:
        """(kind, delta, samples of sound): words with the sound that goes on beside them, cut at any byte."""
        if not is_audio:
            yield from (("text", word, 0) for word in words(text))
            return
        sound, at, sent = spoken.pcm.astype("<i2").tobytes(), 0, 0
        pieces = words(text)
        for number, word in enumerate(pieces, start=1):
            yield "audio_transcript", word, 0
            until = len(sound) * number // len(pieces)
            while at < until:
                piece = sound[at : at + self._delta_bytes()]
                at += len(piece)
                yield "audio", base64.b64encode(piece).decode(), at // 2 - sent
                sent = at // 2

    def _delta_bytes(self) -> int:
        """Of one piece of sound: about as long as the settings say, odd as often as even."""
        if self._fails_by(FaultKind.SPLIT_BYTES):
            return 101
        nominal = self.link.settings.delta_ms * 48
        return self.link.random.randint(nominal // 2, nominal * 3 // 2)

    async def _rest(self, pause_s: float) -> None:
        """The model's own pace; a cancelled response does not wait."""
        if pause_s:
            try:
                async with asyncio.timeout(pause_s):
                    await self.is_cancelled.wait()
            except TimeoutError:
                pass

    # ---- what goes wrong

    def _fails_by(self, kind: FaultKind) -> bool:
        return self.fault is not None and self.fault.kind is kind

    async def _survives(self) -> bool:
        """False when the response ends here; does not return where the connection does."""
        fault, link = self.fault, self.link
        if fault is None or self.deltas_sent < fault.after:
            return True
        match fault.kind:
            case FaultKind.ERROR_MIDWAY:
                error = FAILURES[FaultKind.SERVER_ERROR]
                await link.send_error(error["type"], error["message"], code=error["code"])
                self._end("failed", error=error)
                return False
            case FaultKind.SILENT_MIDWAY:
                link.is_stalled = True
                await asyncio.Event().wait()
            case FaultKind.GARBAGE:
                await link.socket.send_str("{oops")
            case FaultKind.HALF_EVENT:
                link.break_off(b'\x81\x7d{"type":"response.output_audio.delta","delta":"AAAA')
            case FaultKind.DISCONNECT:
                link.break_off()
            case FaultKind.EARLY_END:
                await link.close(1000, "")
            case FaultKind.EXPIRED:
                await link.expire()
            case _:
                return True
        self.fault = None
        return True

    def _end(self, status: str, **details: Any) -> None:
        self.status = status
        self.details = {"type": status, **details} if details else None

    # ---- figures

    @property
    def _modalities(self) -> list[str]:
        return list(self.given.get("output_modalities", self.link.session["output_modalities"]))

    @property
    def _limit(self) -> Any:
        return self.given.get("max_output_tokens", self.link.session["max_output_tokens"])

    def _usage(self) -> dict[str, Any]:
        audio = round(samples_to_ms(self.audio_samples) / AUDIO_TOKEN_MS)
        cached = {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0}
        details = {"text_tokens": self.input_tokens, "audio_tokens": 0, "image_tokens": 0, "cached_tokens": 0}
        return {
            "total_tokens": self.input_tokens + self.text_tokens + audio,
            "input_tokens": self.input_tokens,
            "output_tokens": self.text_tokens + audio,
            "input_token_details": {**details, "cached_tokens_details": cached},
            "output_token_details": {"text_tokens": self.text_tokens, "audio_tokens": audio},
        }


def said_in(item: Mapping[str, Any], link: Link) -> tuple[str, str]:
    """Role and text of an item of a response's own input. Raises Rejected for a reference to nothing."""
    if item.get("type") == "item_reference":
        found = link.memory.items[link.memory.place(str(item.get("id")))]
        return found.role, found.text
    return str(item["role"]), "".join(part["text"] for part in item["content"])


def _shares(pieces: list[str], count: int) -> list[list[str]]:
    """The pieces in so many parts, as even as can be, none empty."""
    count = min(count, len(pieces))
    return [pieces[len(pieces) * n // count : len(pieces) * (n + 1) // count] for n in range(count)]
