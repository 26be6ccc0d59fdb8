"""Where emulators take sound from."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from tth.adapters.tts import mock_tts
from tth.model.media import SAMPLE_RATE_HZ
from tth.testing.emulators.speech import Speech, ToneSpeech, VoiceSpeech

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("speech", [ToneSpeech(), VoiceSpeech(mock_tts.build(mock_tts.Settings()))])
def test_words_lie_in_their_sound(speech: Speech) -> None:
    """In order, inside the sound, and twice as fast when that is asked for."""

    async def main() -> None:
        await speech.load()
        spoken, fast = await speech.speak("One two three"), await speech.speak("One two three", 2.0)
        assert [word.word for word in spoken.words] == ["One", "two", "three"]
        assert [word.offset for word in spoken.words] == [0, 4, 8]
        ends = [word.start_sample + word.sample_count for word in spoken.words]
        assert all(end <= word.start_sample for end, word in zip(ends, spoken.words[1:], strict=False))
        assert 0 < ends[-1] <= len(spoken.pcm)
        assert np.abs(spoken.pcm).max() > 1000
        assert abs(len(fast.pcm) - len(spoken.pcm) / 2) < SAMPLE_RATE_HZ / 100
        await speech.aclose()

    asyncio.run(main())
