"""Known sounds laid over the sound in which they are spoken."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.face.scripts import SOUNDS, hum
from tests.face.spoken import sentences
from tools.lips.corpus import Said
from tools.lips.evaluate import is_bilabial, score, seen
from tth.face.audio_lips.align import DELAY_MS, Aligner
from tth.face.durations import Phone
from tth.model.media import Pcm, PhonemeTiming, SpeechChunk, ms_to_samples, samples_to_ms

WORDS = [Phone(ipa) for ipa in ("m", "a", "p", "i", "", "s", "u", "n")]
SOUND = hum(1500)


def aligned(phones: list[Phone], pcm: Pcm, edges: list[int]) -> list[SpeechChunk]:
    aligner, chunks = Aligner(phones), []
    for begin, end in itertools.pairwise(sorted({0, *edges, len(pcm)})):
        chunks += aligner.add(pcm[begin:end])
    return chunks + aligner.finish()


def timings(chunks: list[SpeechChunk]) -> list[PhonemeTiming]:
    return [phoneme for chunk in chunks for phoneme in chunk.phonemes]


@pytest.mark.unit
@settings(max_examples=15)
@given(
    st.lists(st.sampled_from(SOUNDS), min_size=1, max_size=12).map(lambda names: [Phone(name) for name in names]),
    st.lists(st.integers(1, len(SOUND) - 1), max_size=8),
)
def test_the_sound_leaves_whole_and_the_sounds_fill_it(phones: list[Phone], edges: list[int]) -> None:
    """Whatever text is claimed: the same samples, phonemes without holes in the order of the text, each with the chunk
    in which it begins; and the same phonemes however the sound came in pieces."""
    chunks = aligned(phones, SOUND, edges)
    assert np.array_equal(np.concatenate([chunk.pcm for chunk in chunks]), SOUND)
    at = 0
    for chunk in chunks:
        end = at + len(chunk.pcm)
        for phoneme in chunk.phonemes:
            assert phoneme.start_sample == at
            at += phoneme.sample_count
        assert at == end
    assert timings(chunks) == timings(aligned(phones, SOUND, []))
    order = iter([Phone(""), *phones, Phone("")])
    spoken = [name for name, _ in itertools.groupby(phoneme.ipa for phoneme in timings(chunks))]
    assert all(any(phone.ipa == name for phone in order) for name in spoken)


@pytest.mark.unit
def test_sound_is_held_back_for_a_bounded_time() -> None:
    """The delay, the network's 60 ms, and no sound longer than 400 ms."""
    aligner, came, left = Aligner(WORDS), 0, 0
    for at in range(0, len(SOUND), 960):
        came += len(SOUND[at : at + 960])
        left += sum(len(chunk.pcm) for chunk in aligner.add(SOUND[at : at + 960]))
        assert samples_to_ms(came - left) <= DELAY_MS + 60 + 400 + 60


@pytest.mark.unit
def test_sound_that_is_too_short_to_read_leaves_as_a_pause() -> None:
    """Nothing can be said of less than 60 ms."""
    (chunk,) = aligned(WORDS, SOUND[:900], [])
    assert [(phoneme.ipa, phoneme.sample_count) for phoneme in chunk.phonemes] == [("", 900)]


def without_times(said: Said) -> Said:
    """The same sentence with its phonemes' times found anew."""
    phones = [Phone(phoneme.ipa, phoneme.stress) for phoneme in said.phonemes]
    chunks = aligned(phones, (said.sound * 32767).astype(np.int16), list(range(960, len(said.sound), 960)))
    return Said(said.sound, tuple(timings(chunks)))


@pytest.mark.embedded
def test_the_times_of_a_known_text_are_found() -> None:
    """Half of all bilabials within 30 ms, in six sentences of five languages."""
    errors = []
    for said in sentences():
        true, found = ([p.start_sample for p in one.phonemes if is_bilabial(p)] for one in (said, without_times(said)))
        errors += [abs(a - b) for a, b in zip(true, found, strict=False)] if len(true) == len(found) else []
    assert len(errors) > 15
    assert samples_to_ms(int(np.median(errors))) < 30


@pytest.mark.embedded
def test_a_known_text_gives_better_lips_than_the_sound_alone() -> None:
    """More closures, fewer wrong ones, a surer jaw and rounding."""
    told = [seen(said, True) for said in sentences()]
    by_text = score(told, [seen(without_times(said), True) for said in sentences()])
    by_sound = score(told, [seen(said, False) for said in sentences()])
    assert by_text.closed_on_pbm > 0.9
    assert by_text.pbm_when_closed > by_sound.pbm_when_closed
    assert by_text.jaw > by_sound.jaw
    assert by_text.rounding > by_sound.rounding


@pytest.mark.unit
def test_a_shorter_delay_holds_back_less() -> None:
    """What is decided sooner leaves sooner."""
    quick, slow = Aligner(WORDS, 40), Aligner(WORDS, 400)
    left = [sum(len(chunk.pcm) for chunk in one.add(SOUND[: ms_to_samples(900)])) for one in (quick, slow)]
    assert left[0] > left[1]
