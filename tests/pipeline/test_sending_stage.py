"""Sound that is packed leaves in time, however its voice gives it. Pauses: tests/pipeline/test_pausing.py."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.pipeline.listener import CountingVoice, sound_of
from tests.pipeline.stage import AHEAD_MS, Recording, make_scene
from tth.model.events import AudioChunk, WordSpoken
from tth.model.media import SAMPLE_RATE_HZ, AudioCodec, Pcm, ms_to_samples
from tth.testing.simulator.packets import DELAY_SAMPLES, PACKET_SAMPLES, SimulatedPackers
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline

TEXT = "One two three four five six seven."


def said(voice: CountingVoice) -> Recording:
    """The text spoken by this voice, in packets."""

    async def main() -> Recording:
        scene = make_scene(tts=voice)
        scene = replace(scene, venue=replace(scene.venue, make_packer=SimulatedPackers()))
        await scene.runner(TEXT, audio=AudioCodec.OPUS).run()
        return scene.sink

    return run_virtual(main())


def chunks_at(sink: Recording) -> list[tuple[float, AudioChunk]]:
    """With the time at which each was sent; the media clock runs with it."""
    return [(at_s, event) for at_s, _, event in sink.entries if isinstance(event, AudioChunk)]


def sound(sink: Recording) -> Pcm:
    return np.concatenate([sound_of(chunk) for _, chunk in chunks_at(sink) if not chunk.last])


@pytest.mark.parametrize(("wait_ms", "run_count"), [(15, 2), (20, 3), (80, 27), (300, 27)])
def test_nothing_of_a_slow_voice_is_late_for_being_packed(wait_ms: int, run_count: int) -> None:
    """Each piece of 50 ms leaves whole before its listener gets to what waits for the rest of its packet. A hole begins
    a run, and so does the mark; a voice that is only a little late at first does so once."""
    voice = CountingVoice((50,), (wait_ms,))
    sink = said(voice)
    assert np.array_equal(sound(sink), voice.sound)
    for at_s, chunk in chunks_at(sink):
        assert at_s * SAMPLE_RATE_HZ <= chunk.start_sample + 1, chunk.chunk_index  # of the clock whole samples count
    assert sum(bool(chunk.skip_sample_count) for _, chunk in chunks_at(sink)) == run_count


def test_a_quick_voice_is_one_run() -> None:
    """Sent as far ahead as with PCM, to a packet; nothing is finished before its time."""
    voice = CountingVoice((40,), (0,))
    sink = said(voice)
    assert np.array_equal(sound(sink), voice.sound)
    chunks = chunks_at(sink)
    assert [bool(chunk.skip_sample_count) for _, chunk in chunks].count(True) == 2
    slack = PACKET_SAMPLES + ms_to_samples(40)
    for at_s, chunk in chunks[30:-2]:
        ahead = chunk.start_sample - at_s * SAMPLE_RATE_HZ
        assert abs(ahead - ms_to_samples(AHEAD_MS)) <= slack


def test_a_word_is_told_behind_the_sound_with_which_it_begins() -> None:
    """Not while that sound still waits for its packet."""
    sink = said(CountingVoice((7,), (1,)))
    end = count = 0
    for _, _, event in sink.entries:
        if isinstance(event, AudioChunk):
            end = event.start_sample + event.sample_count
        elif isinstance(event, WordSpoken):
            count += 1
            assert event.timing.start_sample < end < event.timing.start_sample + PACKET_SAMPLES + DELAY_SAMPLES
    assert count == len(TEXT.split())
