"""What an avatar is given, and given again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import numpy as np
import pytest

from tth.adapters.base import AvatarInput, ControlChange
from tth.model.controls import Controls
from tth.model.media import PhonemeTiming, SilenceSpan, SpeechSpan
from tth.pipeline.fed_spans import FedSpans

pytestmark = pytest.mark.pipeline

SOUNDS = tuple(PhonemeTiming(ipa, 1000 * n, 1000) for n, ipa in enumerate("abcdef"))
CHANGE = ControlChange(0, Controls(), 7, 250)


def speech(start: int, *, sounds: tuple[PhonemeTiming, ...] = ()) -> SpeechSpan:
    return SpeechSpan(start, np.zeros(1000, np.int16), sounds)


async def source(items: Sequence[AvatarInput]) -> AsyncGenerator[AvatarInput, None]:
    for item in items:
        yield item


def test_everything_passes_and_is_known() -> None:
    """In its order; then the end."""

    async def main() -> None:
        items: list[AvatarInput] = [SilenceSpan(500, 500), CHANGE, speech(1000), speech(2000)]
        spans = FedSpans(source(items))
        assert await anext(spans) is items[0]
        assert (spans.start_sample, spans.end_sample) == (500, 1000)
        assert [item async for item in spans] == items[1:]
        assert (spans.start_sample, spans.end_sample) == (500, 3000)
        assert spans.is_finished
        await spans.aclose()

    asyncio.run(main())


def test_anew_begins_with_what_was_not_shown() -> None:
    """Given before or not: from the sample on that is wanted, with the controls and speech sounds that are in force."""

    async def main() -> None:
        rest = source([speech(4000), speech(5000)])
        first = FedSpans(source([CHANGE, speech(0, sounds=SOUNDS), speech(1000), speech(2000), speech(3000)]))
        for _ in range(5):
            await anext(first)
        first.shown(1000)
        again = first.anew(rest, 2500)
        given = [item async for item in again]
        assert isinstance(given[0], ControlChange)
        assert (given[0].control_revision, given[0].ramp_ms) == (7, 0)
        starts = [item.start_sample for item in given[1:]]
        assert starts == [3000, 4000, 5000]
        first_span = given[1]
        assert isinstance(first_span, SpeechSpan)
        assert [p.ipa for p in first_span.phonemes] == ["d", "e", "f"]
        assert all(isinstance(item, SpeechSpan) and not item.phonemes for item in given[2:])
        assert (again.start_sample, again.end_sample) == (3000, 6000)

    asyncio.run(main())


def test_twice_anew() -> None:
    """What the second stream did not get to is there for the third."""

    async def main() -> None:
        first = FedSpans(source([speech(0, sounds=SOUNDS), speech(1000), speech(2000)]))
        for _ in range(3):
            await anext(first)
        second = first.anew(source([speech(3000)]), 1000)
        await anext(second)
        third = second.anew(source([speech(3000)]), 2000)
        given = [item async for item in third]
        assert [item.start_sample for item in given] == [2000, 3000]
        assert isinstance(given[0], SpeechSpan)
        assert [p.ipa for p in given[0].phonemes] == ["c", "d", "e", "f"]

    asyncio.run(main())


def test_what_was_shown_is_forgotten() -> None:
    """An hour of speech is not kept."""

    async def main() -> None:
        spans = FedSpans(source([speech(1000 * n) for n in range(1000)]))
        for n in range(1000):
            await anext(spans)
            spans.shown(1000 * (n - 2))
        again = spans.anew(source([]), 0)
        assert len([item async for item in again]) <= 4

    asyncio.run(main())
