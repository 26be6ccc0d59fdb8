"""Sound of clauses that were spoken a moment ago, so that the same words in the same way are not paid for again.

Short-lived and bounded; the least recently used goes first. One per server: nothing of a session is in it but words
and sound. Tests: tests/session/test_clause_cache.py.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Hashable
from contextlib import aclosing
from dataclasses import dataclass

from tth.adapters.base import Persona, TtsInput, TtsOutput, TtsSession, TurnContext
from tth.clock import Clock
from tth.model.controls import BY_PATH, Controls
from tth.model.media import SpeechChunk

MAX_BYTES = 32 * 1024 * 1024
"""About eleven minutes of speech."""
_SPOKEN = (
    "emotion_is_said",
    *(field.attribute for path, field in BY_PATH.items() if path.startswith(("emotion.", "character."))),
)
"""Controls that a voice may heed; how a picture is drawn changes no sound."""


@dataclass(frozen=True, slots=True)
class _Kept:
    chunks: tuple[SpeechChunk, ...]
    size_bytes: int
    until_s: float


class ClauseCache:
    """Clauses by all that decides on their sound."""

    def __init__(self, clock: Clock, keep_s: float, max_bytes: int = MAX_BYTES) -> None:
        self._clock = clock
        self._keep_s = keep_s
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self.size_bytes = 0

    def find(self, key: Hashable) -> tuple[SpeechChunk, ...] | None:
        """The clause's chunks, if they are still kept."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if self._clock.now_s() >= kept.until_s:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return kept.chunks

    def keep(self, key: Hashable, chunks: tuple[SpeechChunk, ...]) -> None:
        """Keep a whole clause; what is larger than the cache is not kept."""
        size = sum(chunk.pcm.nbytes for chunk in chunks)
        if size > self._max_bytes:
            return
        self._drop(key)
        self._kept[key] = _Kept(chunks, size, self._clock.now_s() + self._keep_s)
        self.size_bytes += size
        while self.size_bytes > self._max_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        kept = self._kept.pop(key, None)
        self.size_bytes -= kept.size_bytes if kept is not None else 0


class CachedVoice(TtsSession):
    """Speaks as the voice does; what it has said just now, from memory."""

    def __init__(self, voice: TtsSession, cache: ClauseCache) -> None:
        self._voice = voice
        self._cache = cache

    def prepare(self, persona: Persona) -> None:
        self._voice.prepare(persona)

    async def infer_stream(
        self, clause: TtsInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[TtsOutput, None]:
        how = tuple(getattr(control, attribute) for attribute in _SPOKEN)
        key = (clause.text, clause.persona.persona_id, context.language_code, how)
        found = self._cache.find(key)
        if found is not None:
            for chunk in found:
                yield chunk
            return
        chunks: list[SpeechChunk] = []
        async with aclosing(self._voice.infer_stream(clause, control, context)) as outputs:
            async for output in outputs:
                if isinstance(output, SpeechChunk):
                    chunks.append(output)
                yield output
        self._cache.keep(key, tuple(chunks))  # only what came to its end

    async def aclose(self) -> None:
        await self._voice.aclose()
