"""A short performance without a server: lines spoken by the embedded voice, or sound from a file, and the face that
goes with it. The same adapters as in a session, driven as fast as they go. The same seed gives the same frames.

Tests: tests/cli/face/test_take.py.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tth.adapters.base import AvatarInput, ControlChange, Persona, SessionContext, TtsInput, TurnContext
from tth.core.timeline import Timeline
from tth.model.controls import Controls
from tth.model.media import (
    SAMPLE_RATE_HZ,
    DrawnFrame,
    FrameKind,
    Pcm,
    PhonemeTiming,
    SpeechChunk,
    SpeechSpan,
    WordTiming,
    ms_to_samples,
)

BEFORE_MS, GAP_MS, AFTER_MS = 400, 640, 900
"""Silence before the first line, between lines and after the last, in which a face settles."""
RAMP_MS = 320
CHUNK_SAMPLES = ms_to_samples(40)
SESSION = "tth face"


@dataclass(frozen=True, slots=True)
class Line:
    """What is said in one go, and how."""

    text: str
    controls: Controls = Controls()


@dataclass(frozen=True, slots=True)
class Spoken:
    """Where a line lies on the media clock."""

    line: Line
    start_sample: int
    end_sample: int


@dataclass(frozen=True, slots=True)
class Take:
    """Everything that the avatar is given, in order, from sample 0."""

    inputs: tuple[AvatarInput, ...]
    lines: tuple[Spoken, ...]

    @property
    def spans(self) -> list[SpeechSpan]:
        return [item for item in self.inputs if isinstance(item, SpeechSpan)]

    @property
    def sample_count(self) -> int:
        return max(item.end_sample for item in self.inputs if not isinstance(item, ControlChange))

    @property
    def pcm(self) -> Pcm:
        """The whole sound."""
        sound = np.zeros(self.sample_count, np.int16)
        for span in self.spans:
            sound[span.start_sample : span.end_sample] = span.pcm
        return sound

    @property
    def words(self) -> list[WordTiming]:
        return [word for span in self.spans for word in span.words]

    @property
    def phonemes(self) -> list[PhonemeTiming]:
        return [phoneme for span in self.spans for phoneme in span.phonemes]


def persona_for(look: str) -> Persona:
    """The persona of the configuration that wears this look, with its voice; a nameless one where nobody does."""
    from tth.config.load import load_config
    from tth.config.wiring import full_registry

    people = [known.persona for known in load_config(full_registry()).personas.values()]
    wearers = [person for person in people if person.look == look]
    return wearers[0] if wearers else Persona(Path(look).stem, look=look)


async def speak(lines: Sequence[Line], persona: Persona, language_code: str = "en") -> Take:
    """Let the embedded voice say the lines, with a pause between them in which the controls change.

    Raises AdapterError where the voice cannot speak.
    """
    from tth.adapters.tts.espeak import Settings, build

    voice = build(Settings())
    await voice.load()
    try:
        session = voice.open_session(SessionContext(SESSION, language_code))
        context = TurnContext(SESSION, SESSION, 1, language_code)
        said = [
            await session.infer_batch(TtsInput(line.text, persona, is_last=True), line.controls, context)
            for line in lines
        ]
    finally:
        await voice.aclose()
    return _placed(lines, said)


def from_sound(pcm: Pcm, controls: Controls) -> Take:
    """Sound alone, as a voice without phonemes gives it."""
    chunks = [SpeechChunk(pcm[start : start + CHUNK_SAMPLES]) for start in range(0, len(pcm), CHUNK_SAMPLES)]
    return _placed([Line("", controls)], [chunks])


async def frames_of(take: Take, persona: Persona, seed: int, draw: bool) -> AsyncGenerator[DrawnFrame, None]:
    """The embedded avatar's frames for the take. draw: with pictures.

    Raises LookError for a bad look, AdapterError where the avatar fails.
    """
    from tth.adapters.avatar.embedded_face import Settings, build
    from tth.face.catalogue import open_look

    if draw:
        open_look(persona.look)
    avatar = build(Settings(look=persona.look))
    if draw:
        await avatar.load()
    session = avatar.open_session(SessionContext(SESSION, seed=seed), persona, draw)
    first = take.lines[0].line.controls
    try:
        stream = session.infer_stream(_each(take.inputs), first, TurnContext(SESSION, SESSION, 1))
        async with aclosing(stream) as frames:
            async for frame in frames:
                yield frame
    finally:
        await session.aclose()
        await avatar.aclose()


def _placed(lines: Sequence[Line], said: Sequence[Sequence[SpeechChunk]]) -> Take:
    timeline = Timeline(0)
    inputs: list[AvatarInput] = [timeline.place_silence(ms_to_samples(BEFORE_MS), FrameKind.IDLE)]
    spoken = []
    for number, (line, chunks) in enumerate(zip(lines, said, strict=True)):
        if number:
            inputs.append(timeline.place_silence(ms_to_samples(GAP_MS) // 2, FrameKind.IDLE))
            inputs.append(ControlChange(timeline.end_sample, line.controls, number, RAMP_MS))
            inputs.append(timeline.place_silence(ms_to_samples(GAP_MS) // 2, FrameKind.IDLE))
        start = timeline.end_sample
        timeline.begin_clause()
        inputs += [timeline.place(chunk, 0, number) for chunk in chunks]
        spoken.append(Spoken(line, start, timeline.end_sample))
    inputs.append(timeline.place_silence(ms_to_samples(AFTER_MS), FrameKind.IDLE))
    return Take(tuple(inputs), tuple(spoken))


async def _each(inputs: Sequence[AvatarInput]) -> AsyncIterator[AvatarInput]:
    for item in inputs:
        yield item


def read_wav(path: Path) -> Pcm:
    """Sound of a WAV file, mono at 24 kHz. Raises OSError or ValueError, naming the file."""
    import wave

    import soxr

    try:
        with wave.open(str(path), "rb") as file:
            rate_hz, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            data = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"{path}: not a WAV file ({error})") from error
    if width != 2:
        raise ValueError(f"{path}: {8 * width} bits a sample; must be 16")
    sound = np.frombuffer(data, "<i2").reshape(-1, channels).mean(1).astype(np.float32)
    if rate_hz != SAMPLE_RATE_HZ:
        sound = soxr.resample(sound, rate_hz, SAMPLE_RATE_HZ)
    return np.asarray(np.clip(np.rint(sound), -32768, 32767), np.int16)
