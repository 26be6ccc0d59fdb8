"""Sentences of the embedded voice with their phonemes, spoken once for all tests that measure lips."""

from __future__ import annotations

import asyncio
from functools import cache

import numpy as np

from tools.lips.corpus import Said
from tools.lips.evaluate import Seen, seen
from tth.adapters.base import SessionContext, TtsInput, TurnContext
from tth.adapters.tts.espeak import Settings, build
from tth.model.controls import Controls

SENTENCES = (
    ("en", "Maybe Bob bought five big boxes of moving pumps for his mother."),
    ("en", "The purple wolf never uses soap before supper."),
    ("de", "Fünf müde Buben mögen ihre braune Puppe viel lieber."),
    ("fr", "Ma belle-mère a vu un bateau bleu fumer devant le pont."),
    ("es", "Mi abuela prepara la mejor sopa de verduras del pueblo."),
    ("zh", "妈妈明天买八本书和一把白色的木椅子。"),
)


@cache
def sentences(speech_rate: float = 1.0) -> tuple[Said, ...]:
    """All SENTENCES at this rate, 24 kHz, as the adapter gives them."""
    return asyncio.run(_speak(speech_rate))


async def _speak(speech_rate: float) -> tuple[Said, ...]:
    voice = build(Settings())
    await voice.load()
    try:
        session = voice.open_session(SessionContext("s"))
        out = []
        for language, text in SENTENCES:
            context, controls = TurnContext("s", "t", 0, language), Controls(speech_rate=speech_rate)
            chunks = await session.infer_batch(TtsInput(text, is_last=True), controls, context)
            pcm = np.concatenate([chunk.pcm for chunk in chunks])
            phonemes = tuple(phoneme for chunk in chunks for phoneme in chunk.phonemes)
            out.append(Said(pcm.astype(np.float32) / np.float32(32768), phonemes))
        return tuple(out)
    finally:
        await voice.aclose()


@cache
def shown(with_phonemes: bool, speech_rate: float = 1.0) -> tuple[Seen, ...]:
    """The faces of all SENTENCES at 25 fps, from phonemes or from sound alone."""
    return tuple(seen(said, with_phonemes) for said in sentences(speech_rate))
