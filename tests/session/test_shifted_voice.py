"""A voice whose pace and pitch are completed in its sound. On virtual time."""

from __future__ import annotations

import numpy as np
import pytest

from tests.session.scene import Recording, talking
from tth.adapters.base import (
    AdapterSession,
    Capabilities,
    ControlSupport,
    Deployment,
    RealtimeOutput,
    RealtimeSession,
    TextPiece,
    TtsSession,
)
from tth.adapters.registry import Adapters
from tth.control.sound_path import RATE
from tth.model.commands import Interrupt
from tth.model.controls import ControlOutcome, ControlPatch
from tth.model.events import AudioChunk, TurnMetrics, TurnStopped, WordSpoken
from tth.model.media import SAMPLE_RATE_HZ, SpeechChunk, WordTiming
from tth.session.clause_cache import CachedVoice, ClauseCache
from tth.session.shifted_voice import ShiftedRealtime, ShiftedVoice
from tth.testing.scripted import ScriptedRealtime, ScriptedVoice, every, tone
from tth.testing.virtual_time import VirtualClock, run_virtual

pytestmark = pytest.mark.pipeline

PLAIN = Capabilities("speaks one way", Deployment.API)
HASTY = Capabilities("a little quicker", Deployment.API, controls={RATE: ControlSupport(minimum=0.7, maximum=1.25)})
COUNT = 12
"""One clause."""
EACH = SAMPLE_RATE_HZ // 5


def spoken() -> list[SpeechChunk]:
    """So many words, a fifth of a second each, a chunk for each."""
    return [SpeechChunk(tone(200).pcm, words=(WordTiming(f"w{n:02}", 4 * n, n * EACH, EACH),)) for n in range(COUNT)]


TEXT = " ".join(f"w{n:02}" for n in range(COUNT))


def sound_of(sink: Recording) -> int:
    """Samples of speech: all but the silence behind it."""
    return sum(chunk.sample_count for chunk in sink.of(AudioChunk)[:-1])


@pytest.mark.parametrize("capabilities", [PLAIN, HASTY])
def test_twice_as_fast_is_half_as_long(capabilities: Capabilities) -> None:
    """Whatever the voice can do of it; words' times move along, and the report says who did it."""
    voice = ScriptedVoice([*every(0, *spoken())], capabilities=capabilities)

    async def main() -> Recording:
        async with talking(Adapters(tts=voice)) as scene:
            await scene.say(TEXT, controls=ControlPatch(speech_rate=2.0))
            await scene.finish()
            return scene.sink

    sink = run_virtual(main())
    asked = voice.player.calls[0].controls.speech_rate
    assert asked == (1.0 if capabilities is PLAIN else 1.25)
    assert sound_of(sink) == pytest.approx(COUNT * EACH * asked / 2, abs=2)
    start = sink.of(AudioChunk)[0].start_sample
    words = [event.timing for event in sink.of(WordSpoken)]
    assert [word.start_sample - start for word in words] == pytest.approx(
        [n * EACH * asked / 2 for n in range(COUNT)], abs=1
    )
    result = sink.of(TurnMetrics)[0].control_report.results[0]
    assert (result.outcome, result.effective) == (ControlOutcome.EMULATED, "2")
    assert "sound_path" in result.adapter


def test_nothing_asked_leaves_the_sound_alone() -> None:
    """To the sample."""
    voice = ScriptedVoice([*every(0, *spoken())], capabilities=PLAIN)

    async def main() -> Recording:
        async with talking(Adapters(tts=voice)) as scene:
            await scene.say(TEXT)
            await scene.finish()
            return scene.sink

    sink = run_virtual(main())
    sound = np.concatenate([np.frombuffer(chunk.data, np.int16) for chunk in sink.of(AudioChunk)[:-1]])
    assert np.array_equal(sound, np.concatenate([chunk.pcm for chunk in spoken()]))


def test_a_word_is_heard_when_its_shifted_sound_is() -> None:
    """An interrupt cuts the text by the sound that was played, not by the voice's own."""
    voice = ScriptedVoice([*every(0, *spoken())], capabilities=PLAIN)

    async def main() -> Recording:
        async with talking(Adapters(tts=voice)) as scene:
            await scene.say(TEXT, controls=ControlPatch(speech_rate=2.0))
            start = (await scene.sink.until(AudioChunk)).start_sample
            await scene.sink.until(AudioChunk, 8)
            await scene.send(Interrupt(heard_sample=start + 3 * EACH // 2))
            await scene.sink.ends(1)
            return scene.sink

    assert run_virtual(main()).of(TurnStopped)[0].heard_text == "w00 w01 w02"


def test_a_realtime_model_counts_its_own_samples() -> None:
    """What is told of an interrupted reply is in the model's time, not in that of the faster sound."""
    outputs: list[RealtimeOutput] = [TextPiece(TEXT), *spoken()]
    model = ScriptedRealtime([*every(0, *outputs)], capabilities=PLAIN)

    async def main() -> Recording:
        async with talking(Adapters(realtime=model)) as scene:
            await scene.talk("Well?", controls=ControlPatch(speech_rate=2.0))
            start = (await scene.sink.until(AudioChunk)).start_sample
            await scene.sink.until(AudioChunk, 8)
            await scene.send(Interrupt(heard_sample=start + EACH))
            await scene.finish()
            return scene.sink

    run_virtual(main())
    assert [samples for _, samples, _ in model.truncations] == [2 * EACH]


def test_a_voice_hears_who_may_speak_next_through_all_that_is_laid_around_it() -> None:
    """Sound path and clause cache together: the hint opens a provider's connection before it is needed."""
    voice = ScriptedVoice([*every(0, tone(100))], capabilities=PLAIN)

    async def main() -> None:
        async with talking(Adapters(tts=voice), clause_cache=ClauseCache(VirtualClock(), 60)):
            pass

    run_virtual(main())
    assert voice.prepared == ["default"]


@pytest.mark.parametrize(
    ("wrapper", "role"),
    [(ShiftedVoice, TtsSession), (CachedVoice, TtsSession), (ShiftedRealtime, RealtimeSession)],
)
def test_no_part_of_a_role_is_kept_from_the_one_inside(wrapper: type, role: type[AdapterSession]) -> None:
    """What a role is told, who stands before it passes on: a hint that is added later must not end here."""
    told = {name for kind in (role, AdapterSession) for name in vars(kind) if not name.startswith("_")}
    assert told - {"infer_batch"} <= set(vars(wrapper))  # a batch is made of the stream
