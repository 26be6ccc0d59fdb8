"""Measure the embedded voice: `python bench/voice.py` for speed, `--mapping` for how well controls are met.

Prints a table; writes nothing. The figures in docs/voice.md come from here.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import time
from contextlib import aclosing

import numpy as np
import psutil
from numpy.typing import NDArray

from tth.adapters.base import Persona, SessionContext, TtsInput, TtsSession, TurnContext
from tth.adapters.tts.espeak import Settings, build
from tth.model.controls import Controls, EmotionLabel
from tth.model.media import SAMPLE_RATE_HZ, Pcm
from tth.testing.sound import pitch_track_hz, speaking_s

CLAUSES = (
    "Hello, I'm glad that you are here.",
    "It is about three and a half kilometres from the station,",
    "and the last train leaves at 11:45.",
    "Shall we walk?",
    "The weather is lovely today, there is hardly a cloud in the sky, and the park is just around the corner.",
)
SENTENCES = {
    "en": "We were away a year ago, and now we are all well and warm in a lonely valley with friends.",
    "de": "Wir waren lange weg, und nun sind wir alle wohl und warm in einem einsamen Tal mit Freunden.",
    "fr": "Nous étions loin il y a un an, et maintenant nous allons bien dans une vallée avec des amis.",
    "es": "La luna llena ilumina la laguna, y nadie duerme en el valle lejano con sus amigos.",
    "zh": "今天天气很好,我们一起去公园散步,然后回家吃饭。",
}
VOICES = (("en", "f3"), ("en", "m3"), ("en", "f2"), ("de", "f3"), ("fr", "m1"), ("es", "f3"), ("zh", "f3"))


async def spoken(session: TtsSession, text: str, language: str, controls: Controls, variant: str = "f3") -> Pcm:
    """The whole clause as one array."""
    persona = Persona("p", voices={"espeak": variant})
    chunks = await session.infer_batch(TtsInput(text, persona, True), controls, TurnContext("s", "t", 0, language))
    return np.concatenate([chunk.pcm for chunk in chunks])


def semitones(octaves: NDArray[np.float64]) -> float:
    """Width of a melody without its rarest tenths."""
    low, high = np.percentile(octaves, (10, 90))
    return float(12 * (high - low))


async def speed() -> None:
    """Start, first chunk and CPU."""
    starts_s = []
    for _ in range(5):
        voice = build(Settings())
        begin = time.perf_counter()
        await voice.load()
        starts_s.append(time.perf_counter() - begin)
        await voice.aclose()
    voice = build(Settings())
    await voice.load()
    await voice.warmup()
    session = voice.open_session(SessionContext("s"))
    worker = psutil.Process(voice.worker_pids[0])
    before = worker.cpu_times()
    ours = resource.getrusage(resource.RUSAGE_SELF)
    first_ms, seconds = [], 0.0
    for number in range(50):
        clause = TtsInput(CLAUSES[number % len(CLAUSES)])
        begin = time.perf_counter()
        got_first = False
        stream = session.infer_stream(clause, Controls(), TurnContext("s", "t", 0))
        async with aclosing(stream):
            async for chunk in stream:
                if not got_first:
                    first_ms.append((time.perf_counter() - begin) * 1000)
                    got_first = True
                seconds += len(chunk.pcm) / SAMPLE_RATE_HZ
    after, now = worker.cpu_times(), resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.user + after.system - before.user - before.system
    own = now.ru_utime + now.ru_stime - ours.ru_utime - ours.ru_stime
    memory = worker.memory_info().rss / 2**20
    await voice.aclose()
    print(
        f"worker start to ready   median {statistics.median(starts_s) * 1000:.0f} ms, max {max(starts_s) * 1000:.0f} ms"
    )
    print(
        f"request to first chunk  median {statistics.median(first_ms):.1f} ms, p95 {np.percentile(first_ms, 95):.1f} ms"
    )
    print(f"CPU per second of sound worker {cpu / seconds * 1000:.2f} ms, server {own / seconds * 1000:.2f} ms")
    print(f"worker memory           {memory:.0f} MiB")


class Mapping:
    """Asked against measured, printed."""

    def __init__(self, session: TtsSession) -> None:
        self._session = session

    async def rates(self) -> None:
        """speech_rate against duration."""
        normal = {code: await self._seconds(code, Controls()) for code in SENTENCES}
        print("speech_rate: measured / asked")
        for rate in (0.25, 0.5, 0.7, 0.85, 1.2, 1.4, 1.7, 2.0, 3.0, 4.0):
            found = {code: await self._seconds(code, Controls(speech_rate=rate)) for code in SENTENCES}
            print(f"  {rate:4.2f}  ", *(f"{code} {normal[code] / found[code] / rate:.2f}" for code in SENTENCES))

    async def pitches(self) -> None:
        """pitch_shift against mean pitch."""
        heights = [await self._octaves(code, Controls(), variant) for code, variant in VOICES]
        print("pitch_shift: measured octaves")
        named = zip(VOICES, heights, strict=True)
        print("        ", *(f"{code}+{variant} {2 ** track.mean():.0f}Hz" for (code, variant), track in named))
        for shift in (-1.0, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1.0):
            shifted = [await self._octaves(code, Controls(pitch_shift=shift), variant) for code, variant in VOICES]
            row = [f"{new.mean() - old.mean():+.2f}" for new, old in zip(shifted, heights, strict=True)]
            print(f"  {shift:+.2f}  ", *row)

    async def melodies(self) -> None:
        """expressivity against the melody's width."""
        normal = await self._octaves("en", Controls())
        print("expressivity: melody's width in semitones, and mean pitch in octaves")
        for level in (0.0, 0.3, 0.6, 0.8, 1.0):
            track = await self._octaves("en", Controls(expressivity=level))
            print(f"  {level:.1f}   {semitones(track):.2f}  {track.mean() - normal.mean():+.2f}")

    async def emotions(self) -> None:
        """What each label does."""
        normal_s, normal = await self._seconds("en", Controls()), await self._octaves("en", Controls())
        print("emotions at intensity 1: speed, octaves, width in semitones, level in dBFS")
        for label in EmotionLabel:
            controls = Controls(emotion_label=label, emotion_intensity=1.0)
            track, pcm = (
                await self._octaves("en", controls),
                await spoken(self._session, SENTENCES["en"], "en", controls),
            )
            level_db = 20 * np.log10(np.sqrt(np.mean((pcm / 32768.0) ** 2)))
            speed_up = normal_s / speaking_s(pcm, SAMPLE_RATE_HZ)
            print(f"  {label:10} {speed_up:.2f}  {track.mean() - normal.mean():+.2f}", end="")
            print(f"  {semitones(track):.2f}  {level_db:.1f}")

    async def _seconds(self, code: str, controls: Controls) -> float:
        return speaking_s(await spoken(self._session, SENTENCES[code], code, controls), SAMPLE_RATE_HZ)

    async def _octaves(self, code: str, controls: Controls, variant: str = "f3") -> NDArray[np.float64]:
        pcm = await spoken(self._session, SENTENCES[code], code, controls, variant)
        return np.asarray(np.log2(pitch_track_hz(pcm, SAMPLE_RATE_HZ)))


async def mapping() -> None:
    """How well the controls are met."""
    voice = build(Settings())
    await voice.load()
    asked = Mapping(voice.open_session(SessionContext("s")))
    await asked.rates()
    await asked.pitches()
    await asked.melodies()
    await asked.emotions()
    await voice.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mapping", action="store_true", help="how well controls are met, instead of speed")
    asyncio.run(mapping() if parser.parse_args().mapping else speed())


if __name__ == "__main__":
    main()
