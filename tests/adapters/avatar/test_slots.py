"""Frame slots cut from spans."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tth.adapters.avatar.slots import Slot, SlotCutter, cut_slots, slot_start
from tth.adapters.base import AvatarInput, ControlChange
from tth.model.controls import Controls, EmotionLabel
from tth.model.media import SAMPLE_RATE_HZ, FrameKind, Pcm, PhonemeTiming, SilenceSpan, SpeechSpan

pytestmark = pytest.mark.unit


def ramp(count: int, first: int = 1) -> Pcm:
    return (np.arange(first, first + count) % 30_000).astype(np.int16)


def cut(items: list[AvatarInput], fps: int = 25, controls: Controls | None = None) -> list[Slot]:
    cutter = SlotCutter(fps, controls or Controls())
    slots = [slot for item in items for slot in cutter.feed(item)]
    return slots + list(cutter.finish())


@settings(deadline=None)
@given(st.integers(1, 60), st.lists(st.tuples(st.booleans(), st.integers(0, 5000)), max_size=12), st.integers(0, 10**9))
def test_slots_tile_the_stream(fps: int, lengths: list[tuple[bool, int]], first: int) -> None:
    """Slots follow each other without a hole, hold every sample once, and only the last is completed with silence."""
    items: list[AvatarInput] = []
    sound: list[Pcm] = [np.zeros(0, np.int16)]
    at = first
    for speaks, count in lengths:
        pcm = ramp(count, at % 1000) if speaks else np.zeros(count, np.int16)
        items.append(SpeechSpan(at, pcm) if speaks else SilenceSpan(at, count))
        sound.append(pcm)
        at += count
    slots = cut(items, fps)
    joined = np.concatenate([np.zeros(0, np.int16), *(slot.pcm for slot in slots)])
    whole = np.concatenate(sound)
    assert [slot.start_sample for slot in slots] == [slot_start(first, k, fps) for k in range(len(slots))]
    assert all(slot.sample_count == len(slot.pcm) for slot in slots)
    assert np.array_equal(joined[: len(whole)], whole)
    assert not joined[len(whole) :].any()
    assert 0 <= len(joined) - len(whole) < SAMPLE_RATE_HZ / fps + 1


@pytest.mark.parametrize("fps", [7, 24, 25, 30, 59, 60])
def test_slot_starts_do_not_drift(fps: int) -> None:
    """After an hour a slot still starts within half a sample of its true time."""
    index = 3600 * fps - 1
    assert abs(slot_start(100, index, fps) - 100 - index * SAMPLE_RATE_HZ / fps) <= 0.5


def test_a_slot_comes_as_soon_as_its_sound_is_known() -> None:
    """Nothing at 959 samples, the first slot at 960."""
    cutter = SlotCutter(25, Controls())
    assert not list(cutter.feed(SpeechSpan(0, ramp(959))))
    assert [slot.index for slot in cutter.feed(SpeechSpan(959, ramp(1)))] == [0]
    assert not list(cutter.finish())


def test_kind_is_speaking_where_any_speech_is() -> None:
    """Mixed slots speak; silent ones keep the kind of the silence at their start."""
    items: list[AvatarInput] = [
        SilenceSpan(0, 960, FrameKind.THINKING),
        SilenceSpan(960, 900, FrameKind.LISTENING),
        SpeechSpan(1860, ramp(60)),
        SilenceSpan(1920, 100, FrameKind.LISTENING),
        SilenceSpan(2020, 860, FrameKind.IDLE),
    ]
    assert [slot.kind for slot in cut(items)] == [FrameKind.THINKING, FrameKind.SPEAKING, FrameKind.LISTENING]


def test_a_change_takes_effect_at_its_sample() -> None:
    """The first slot at or after the change's sample has the new controls, not one before it."""
    happy = Controls(emotion_label=EmotionLabel.HAPPY)
    change = ControlChange(961, happy, 7)
    slots = cut([change, SilenceSpan(0, 3840)])
    assert [slot.controls.emotion_label for slot in slots] == [
        EmotionLabel.NEUTRAL,
        EmotionLabel.NEUTRAL,
        EmotionLabel.HAPPY,
        EmotionLabel.HAPPY,
    ]
    assert [slot.control_revision for slot in slots] == [0, 0, 7, 7]
    assert [slot.change for slot in slots] == [None, None, change, None]


def test_a_late_change_takes_effect_with_the_next_slot() -> None:
    """A change for the past is not lost, and of two the newer revision holds."""
    old = ControlChange(0, Controls(speech_rate=2.0), 1)
    new = ControlChange(0, Controls(speech_rate=3.0), 2)
    slots = cut([SilenceSpan(0, 960), new, old, SilenceSpan(960, 960)])
    assert [slot.controls.speech_rate for slot in slots] == [1.0, 3.0]


def test_phonemes_come_once_with_the_next_slot() -> None:
    """Timings ride on the first slot after they became known."""
    sounds = (PhonemeTiming("a", 0, 500), PhonemeTiming("b", 2000, 500))
    slots = cut([SpeechSpan(0, ramp(2000), sounds, control_revision=3), SilenceSpan(2000, 1000)])
    assert [slot.phonemes for slot in slots] == [sounds, (), (), ()]
    assert {slot.control_revision for slot in slots} == {3}


def test_a_hole_is_refused() -> None:
    """A span that does not start where the one before ended is a bug of the caller."""
    with pytest.raises(ValueError, match="starts at 961"):
        cut([SilenceSpan(0, 960), SilenceSpan(961, 960)])


def test_a_stream_without_samples_has_no_slots() -> None:
    """No span, or only empty ones: no frame."""
    assert cut([]) == []
    assert cut([SilenceSpan(5, 0), ControlChange(5, Controls(), 1)]) == []


def test_the_async_form_gives_the_same_slots() -> None:
    """`cut_slots` is the cutter around an async stream."""
    items: list[AvatarInput] = [SpeechSpan(10, ramp(1500)), SilenceSpan(1510, 700)]

    async def stream() -> AsyncIterator[AvatarInput]:
        for item in items:
            yield item

    async def collect() -> list[Slot]:
        return [slot async for slot in cut_slots(stream(), Controls(fps=30))]

    got, want = asyncio.run(collect()), cut(items, 30)
    assert [(slot.start_sample, slot.kind) for slot in got] == [(slot.start_sample, slot.kind) for slot in want]
