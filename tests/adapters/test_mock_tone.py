"""Text as tones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tth.adapters.mock_tone import CHUNK_SAMPLES, ToneSettings, tone_chunks, tone_settings
from tth.model.controls import Controls, EmotionLabel
from tth.model.media import SAMPLE_RATE_HZ, Pcm, SpeechChunk

pytestmark = pytest.mark.unit

PLAIN = ToneSettings(character_samples=1200, frequency_hz=200.0, level=0.25)


def joined(chunks: list[SpeechChunk]) -> Pcm:
    return np.concatenate([np.zeros(0, np.int16), *(chunk.pcm for chunk in chunks)])


def test_words_and_sounds_stand_where_they_are_heard() -> None:
    """Exact places, lengths and offsets; between the words it is silent."""
    chunks = list(tone_chunks("Hi, you", PLAIN, start_sample=100, offset=10))
    words = [word for chunk in chunks for word in chunk.words]
    sounds = [sound for chunk in chunks for sound in chunk.phonemes]
    assert [(w.word, w.offset, w.start_sample, w.sample_count) for w in words] == [
        ("Hi,", 10, 100, 3600),
        ("you", 14, 4900, 3600),
    ]
    assert [s.ipa for s in sounds] == ["h", "i", "", "y", "o", "u"]
    assert [s.start_sample for s in sounds] == [100, 1300, 2500, 4900, 6100, 7300]
    pcm = joined(chunks)
    assert len(pcm) == 7 * 1200
    assert not pcm[3600:4800].any()
    assert np.abs(pcm[:3600]).max() > 8000


def test_chunks_are_40_ms_and_carry_what_begins_in_them() -> None:
    """Only the last chunk is shorter, and no timing comes late."""
    chunks = list(tone_chunks("one two three", PLAIN))
    assert {len(chunk.pcm) for chunk in chunks[:-1]} == {CHUNK_SAMPLES}
    assert 0 < len(chunks[-1].pcm) <= CHUNK_SAMPLES
    for index, chunk in enumerate(chunks):
        starts = [word.start_sample for word in chunk.words] + [sound.start_sample for sound in chunk.phonemes]
        assert all(index * CHUNK_SAMPLES <= start < (index + 1) * CHUNK_SAMPLES for start in starts)


@pytest.mark.parametrize(
    ("controls", "settings"),
    [
        (Controls(), ToneSettings(1440, 220.0, 0.25)),
        (Controls(speech_rate=2.0), ToneSettings(720, 220.0, 0.25)),
        (Controls(pitch_shift=1.0), ToneSettings(1440, 440.0, 0.25)),
        (Controls(emotion_valence=0.9, emotion_arousal=1.0), ToneSettings(1440, 286.0, 0.375)),
    ],
)
def test_each_control_has_its_measure(controls: Controls, settings: ToneSettings) -> None:
    """Rate changes length, pitch and valence change frequency, arousal changes level."""
    tone = tone_settings(60, 220, controls)
    assert tone.character_samples == settings.character_samples
    assert (tone.frequency_hz, tone.level) == pytest.approx((settings.frequency_hz, settings.level))


def test_every_emotion_sounds_different() -> None:
    """No two labels share frequency and level."""
    sounds = {
        (tone.frequency_hz, tone.level)
        for label in EmotionLabel
        for tone in [tone_settings(60, 220, Controls(emotion_label=label))]
    }
    assert len(sounds) == len(EmotionLabel)


def test_the_frequency_is_in_the_sound() -> None:
    """The strongest line of the spectrum is where the settings say."""
    pcm = joined(list(tone_chunks("a" * 20, PLAIN))).astype(float)
    spectrum = np.abs(np.fft.rfft(pcm))
    assert abs(int(spectrum.argmax()) * SAMPLE_RATE_HZ / len(pcm) - 200) < 2


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_toned_or_silent(text: str) -> None:
    """No chunk is empty, and nothing speakable means no chunk."""
    chunks = list(tone_chunks(text, PLAIN))
    assert all(len(chunk.pcm) for chunk in chunks)
    assert bool(chunks) == any(character.isalnum() for character in text)
