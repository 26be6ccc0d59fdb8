"""From espeak's raw sound to a finished clause."""

from __future__ import annotations

import numpy as np
import pytest

from tth.adapters.base import Persona
from tth.adapters.tts import espeak_tone
from tth.adapters.tts.espeak_library import Event, Raw
from tth.adapters.tts.espeak_prosody import EspeakProsody, prosody
from tth.adapters.tts.espeak_sound import SpokenClause, finish, stretch
from tth.adapters.tts.espeak_text import spoken_text
from tth.model.controls import Controls
from tth.testing.sound import largest_step, mean_pitch_hz

pytestmark = pytest.mark.unit

RATE_HZ = 22_050
PLAIN = prosody(Controls(), Persona("p"), "en")


def buzz(seconds: float, pitch_hz: float = 120.0) -> espeak_tone.Sound:
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    harmonics = sum(np.sin(2 * np.pi * pitch_hz * k * time_s) / k for k in range(1, 10))
    return (0.3 * np.asarray(harmonics)).astype(np.float32)


def finished(settings: EspeakProsody = PLAIN, pause_ms: float = 100, toned: bool = True) -> SpokenClause:
    """ "no" between silences of 0.1 s and 0.5 s."""
    sound = np.concatenate((np.zeros(2205), 30_000 * buzz(0.4), np.zeros(11_025))).astype(np.int16)
    raw = Raw(
        sound, RATE_HZ, (Event(0, ""), Event(2205, None, 0), Event(2205, "n"), Event(6000, "ˈoʊ"), Event(11_025, ""))
    )
    return finish(raw, "No.", spoken_text("No.", frozenset({"LATIN"})), settings, pause_ms, toned)


@pytest.mark.parametrize("tempo", [0.25, 0.5, 0.8, 1.25, 2.0, 3.0])
def test_stretching_keeps_the_pitch(tempo: float) -> None:
    """The duration changes as asked, to the sample; the pitch does not, and nothing clicks."""
    sound = buzz(1.0)
    out = stretch(sound, tempo, RATE_HZ)
    assert len(out) == round(len(sound) / tempo)
    assert mean_pitch_hz(out, RATE_HZ) == pytest.approx(120, rel=0.01)
    assert largest_step(out) < 1.2 * largest_step(sound)
    middle = slice(len(out) // 4, 3 * len(out) // 4)
    assert np.std(out[middle]) == pytest.approx(np.std(sound), rel=0.05)


def test_no_stretching_is_none() -> None:
    """At tempo 1 the sound is the same, and what is too short to stretch is left."""
    sound = buzz(0.5)
    assert stretch(sound, 1.0, RATE_HZ) is sound
    assert len(stretch(sound[:500], 2.0, RATE_HZ)) == 500


def test_silence_around_is_cut() -> None:
    """The clause starts within 10 ms and ends with the pause that was asked for."""
    clause = finished(pause_ms=100)
    assert len(clause.pcm) == pytest.approx(24 * (5 + 400 + 20 + 100), abs=24)
    loud = np.flatnonzero(np.abs(clause.pcm) > 0.05 * np.abs(clause.pcm).max())
    assert loud[0] < 24 * 12


def test_times_move_with_the_sound() -> None:
    """Sounds and words start where they are heard after trimming and resampling."""
    clause = finished()
    assert [(p.ipa, p.stress) for p in clause.phonemes] == [("", 0), ("n", 2), ("oʊ", 2), ("", 0)]
    assert clause.phonemes[1].start_sample == pytest.approx(24 * 5, abs=2)
    assert clause.phonemes[2].start_sample == pytest.approx(24 * 5 + (6000 - 2205) * 24 / 22.05, abs=4)
    (word,) = clause.words
    assert (word.word, word.offset) == ("No", 0)
    assert word.sample_count == pytest.approx(24 * 400, abs=30)


def test_a_clause_begins_and_ends_at_zero() -> None:
    """Put next to silence it does not click."""
    clause = finished()
    assert clause.pcm[0] == clause.pcm[-1] == 0


def test_resampling_moves_the_pitch() -> None:
    """1.25 is a quarter higher and shorter; the times follow."""
    higher = EspeakProsody("en-us", 175, 1.0, 50, 50, 1.25, 0.0, 0.0)
    assert mean_pitch_hz(finished(higher).pcm, 24_000) == pytest.approx(150, rel=0.02)
    assert finished(higher).words[0].sample_count == pytest.approx(24 * 400 / 1.25, abs=30)


def test_tone_can_be_left_out() -> None:
    """Without equaliser and room the level is the same."""
    assert espeak_tone.active_rms(
        finished(toned=False).pcm.astype(np.float32) / np.float32(32768), 24_000
    ) == pytest.approx(0.1, rel=0.1)
    assert (finished(toned=False).pcm != finished().pcm).any()


def test_no_sound_is_an_empty_clause() -> None:
    """Silence and near silence yield nothing."""
    raw = Raw(np.full(5000, 50, np.int16), RATE_HZ, ())
    clause = finish(raw, "x", spoken_text("x", frozenset({"LATIN"})), PLAIN, 100, True)
    assert (len(clause.pcm), clause.phonemes, clause.words) == (0, (), ())
