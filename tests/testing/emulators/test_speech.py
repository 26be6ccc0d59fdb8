"""Where emulators take sound from."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from tth.adapters.base import SessionContext, TtsSession
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


def test_what_was_said_before_costs_no_time() -> None:
    """Many who ask for the same at once wait for one; another voice is another sound."""

    class Counted(mock_tts.MockVoice):
        asked = 0

        def open_session(self, context: SessionContext) -> TtsSession:
            self.asked += 1
            return super().open_session(context)

    async def main() -> int:
        voice = Counted(mock_tts.Settings())
        speech = VoiceSpeech(voice)
        await speech.load()
        spoken = await asyncio.gather(*(speech.speak("One two") for _ in range(20)))
        assert all(one is spoken[0] for one in spoken)
        await speech.speak("One two", voice="cedar")
        await speech.speak("One two", 2.0)
        await speech.aclose()
        return voice.asked

    assert asyncio.run(main()) == 3
