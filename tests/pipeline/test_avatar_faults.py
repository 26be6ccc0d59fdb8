"""Every kind of bad avatar: what is heard is untouched, what is seen is in time, what is told is true."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
import pytest

from tests.pipeline.faulty_avatar import HANGS_S, Fault, FaultyAvatar, shown_by
from tests.pipeline.stage import AHEAD_MS, SMALL, Recording, make_scene, spoken
from tth.adapters.base import TurnContext
from tth.core.pacing import live_pace
from tth.model.events import AudioChunk, DegradedMode, TurnComplete, TurnMetrics, VideoFrame
from tth.model.media import FrameKind, MediaPreferences, VideoCodec, samples_to_ms
from tth.pipeline.idle_runner import IdleRunner
from tth.testing.scripted import ScriptedVoice, every
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline

SECONDS = 20
IDLE_S = 12.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One fault and what is promised of it."""

    fault: Fault
    p95_ms: float = 40.0
    """Of the turn's drift figures; the true one between picture and sound is never above 40."""
    blind_ms: float = 3.0
    """So far may the figures be from the truth: what cannot be known from outside."""
    told: tuple[str, ...] = ()
    """Reasons of degraded_mode in the turn, in order; each is taken back in the end."""
    fps: float = 24.0
    """At least so many pictures a second reach the viewer."""
    asked: tuple[int, ...] = (25,)
    """The rates of the avatar's streams in the turn; where it is asked for fewer, more are tried later."""


CELLS = {
    "faultless": Cell(Fault()),
    "late": Cell(Fault(delay_s=0.3)),
    "very late": Cell(Fault(delay_s=1.3), told=("AVATAR_SILENT",), fps=22),
    "bursty": Cell(Fault(burst=10)),
    "early": Cell(Fault(offset_ms=-60)),
    "claims the future": Cell(Fault(offset_ms=2500), blind_ms=41),
    "jitters": Cell(Fault(jitter_ms=15)),
    "drops": Cell(Fault(drops_each=10), fps=22),
    "drops half": Cell(Fault(drops_each=2), fps=12),
    "doubles": Cell(Fault(copies=2)),
    "30 fps": Cell(Fault(fps=30)),
    "60 fps": Cell(Fault(fps=60)),
    "15 fps": Cell(Fault(fps=15), fps=14.5),
    "clock fast": Cell(Fault(clock=0.005)),
    "clock slow": Cell(Fault(clock=-0.005)),
    "clock very fast": Cell(Fault(clock=0.015)),
    "clock fast, jitters": Cell(Fault(clock=0.005, jitter_ms=5)),
    "clock slow, late, drops": Cell(Fault(clock=-0.005, delay_s=0.3, drops_each=10), fps=22),
    "a little too slow": Cell(Fault(work_s=0.044), told=("AVATAR_TOO_SLOW",), fps=12, asked=(25, 12), p95_ms=250),
    "far too slow": Cell(Fault(work_s=0.12), told=("AVATAR_TOO_SLOW",), fps=5.5, asked=(25, 6), p95_ms=700),
    "stops": Cell(Fault(stalls=(5.0, HANGS_S)), told=("AVATAR_SILENT", "ADAPTER_SILENT"), fps=0),
    "stops and comes back": Cell(Fault(stalls=(5.0, 4.0)), told=("AVATAR_SILENT",), fps=17, asked=(25,), p95_ms=4000),
    "crashes": Cell(Fault(crashes_s=5.0), told=("ADAPTER_UNAVAILABLE",), fps=0),
}


@dataclass(frozen=True, slots=True)
class Played:
    """A turn of twenty seconds with that avatar, then idling with one that is well again."""

    avatar: FaultyAvatar
    turn: Recording
    idle: Recording
    asked_fps: list[int]
    given: list[int]

    @property
    def frames(self) -> list[VideoFrame]:
        return self.turn.of(VideoFrame)

    @property
    def metrics(self) -> TurnMetrics:
        return self.turn.of(TurnMetrics)[0]


def play(fault: Fault) -> Played:
    async def main() -> Played:
        avatar = FaultyAvatar(fault)
        voice = ScriptedVoice(every(0, *[spoken(40) for _ in range(25 * SECONDS)]))
        scene = make_scene(tts=voice, avatar=avatar)
        await scene.runner().run()
        turn, asked, given = Recording(list(scene.sink.entries)), list(avatar.asked_fps), list(avatar.given)
        avatar.fault = Fault()
        scene.sink.entries.clear()
        assert scene.sessions.avatar is not None
        media, context = MediaPreferences(video_codec=VideoCodec.RAW_RGB24), TurnContext("s_test", "", 0)
        idle = IdleRunner(scene.venue, scene.sessions.avatar, SMALL, media, context, live_pace(AHEAD_MS), None)
        task = asyncio.create_task(idle.run())
        await asyncio.sleep(IDLE_S)
        task.cancel()
        await asyncio.wait([task])
        assert len(asyncio.all_tasks()) == 1
        return Played(avatar, turn, scene.sink, asked, given)

    return run_virtual(main())


@pytest.fixture(scope="module", params=CELLS)
def played(request: pytest.FixtureRequest) -> tuple[Cell, Played]:
    cell = CELLS[request.param]
    return cell, play(cell.fault)


def test_the_sound_is_untouched(played: tuple[Cell, Played]) -> None:
    """Every sample, one behind the other, each chunk before it is due; the turn is completed."""
    _, now = played
    chunks = [(at_s, event) for at_s, _, event in now.turn.entries if isinstance(event, AudioChunk)]
    speech = b"".join(chunk.data for _, chunk in chunks if not chunk.last)
    assert speech == np.full(960 * 25 * SECONDS, 4000, np.int16).tobytes()
    assert all(a.start_sample + a.sample_count == b.start_sample for (_, a), (_, b) in pairwise(chunks))
    assert all(samples_to_ms(chunk.start_sample) >= at_s * 1000 - 1 for at_s, chunk in chunks)
    assert len(now.turn.of(TurnComplete)) == 1


def test_pictures_stand_where_their_sound_is(played: tuple[Cell, Played]) -> None:
    """Whatever the avatar says: |picture - sound| is at most 40 ms for 95 % of the frames, and never two slots."""
    _, now = played
    off_ms = np.array([abs(samples_to_ms(frame.start_sample - shown_by(frame))) for frame in now.frames])
    assert np.percentile(off_ms, 95) <= 40
    assert off_ms.max() <= 80
    assert all(a.start_sample + a.sample_count <= b.start_sample for a, b in pairwise(now.frames))


def test_the_figures_are_true(played: tuple[Cell, Played]) -> None:
    """Mean, p95 and maximum are those of what was shown: how far off, how late, how long a picture stood."""
    cell, now = played
    drift = now.metrics.drift
    assert drift is not None
    skews_ms: list[float] = []
    end: int | None = None
    for at_s, _, frame in now.turn.entries:
        if not isinstance(frame, VideoFrame):
            continue
        late_ms = max(0.0, at_s * 1000 - samples_to_ms(frame.start_sample))
        if end is not None:
            standing = (frame.start_sample - end) // frame.sample_count
            skews_ms += [samples_to_ms(frame.sample_count * (n + 1)) for n in range(standing)]
        skews_ms.append(late_ms + samples_to_ms(frame.start_sample - shown_by(frame)))
        end = frame.start_sample + frame.sample_count
    absolute = np.sort(np.abs(skews_ms))
    assert drift.mean_ms == pytest.approx(np.mean(skews_ms), abs=cell.blind_ms)
    assert drift.p95_abs_ms == pytest.approx(absolute[int(0.95 * len(absolute))], abs=cell.blind_ms)
    assert drift.max_abs_ms == pytest.approx(absolute.max(), abs=cell.blind_ms)
    assert drift.p95_abs_ms <= cell.p95_ms
    assert now.metrics.video_frame_count == len(now.frames)


@pytest.mark.parametrize(
    "played", [name for name, cell in CELLS.items() if not cell.fault.fps and len(cell.asked) == 1], indirect=True
)
def test_corrections_are_single(played: tuple[Cell, Played]) -> None:
    """Of the frames that came never two in a row are left out, and as many as the figures say. (At another rate some
    frames have no slot, which is no correction.)"""
    _, now = played
    seen = {shown_by(frame) for frame in now.frames}
    drift = now.metrics.drift
    assert drift is not None
    firsts = [sample for sample, _ in groupby(now.given)]
    lost = [sample not in seen for sample in firsts]
    assert not any(a and b for a, b in pairwise(lost))
    assert sum(lost) + len(now.given) - len(firsts) == drift.skipped_count + drift.held_count


def test_the_viewer_gets_what_can_be_had(played: tuple[Cell, Played]) -> None:
    """At the promised rate; the avatar is asked for fewer where it cannot keep up."""
    cell, now = played
    assert len(now.frames) / (SECONDS + 0.3) >= cell.fps
    assert tuple(now.asked_fps[: len(cell.asked)]) == cell.asked
    assert len(cell.asked) > 1 or len(now.asked_fps) == 1
    speaking = [frame for frame in now.frames if frame.kind is FrameKind.SPEAKING]
    assert len({frame.sample_count for frame in speaking[-20:]}) <= 2


def test_what_is_told_is_taken_back(played: tuple[Cell, Played]) -> None:
    """Each state in its turn, never the same twice in a row; when the avatar is well, so is the client told."""
    cell, now = played
    told = [event.reason for event in now.turn.of(DegradedMode) if event.active]
    assert tuple(reason for reason, _ in groupby(told)) == cell.told
    both = [*now.turn.of(DegradedMode), *now.idle.of(DegradedMode)]
    assert all(a != b for a, b in pairwise(both))
    if both:
        assert not both[-1].active
        assert both[-1].level == "full"


def test_a_silent_avatar_is_told_within_a_second_and_a_slot() -> None:
    """Of its last picture having been shown; and its end with the next one."""
    now = play(CELLS["stops and comes back"].fault)
    (silent_s,) = (at_s for at_s, _, event in now.turn.entries if isinstance(event, DegradedMode) and event.active)
    before = [frame for at_s, _, frame in now.turn.entries if isinstance(frame, VideoFrame) and at_s < silent_s]
    stood_s = silent_s - samples_to_ms(before[-1].start_sample + before[-1].sample_count) / 1000
    assert 1.0 <= stood_s <= 1.04
    (over_s,) = (at_s for at_s, _, event in now.turn.entries if isinstance(event, DegradedMode) and not event.active)
    after_s = next(at_s for at_s, _, event in now.turn.entries if isinstance(event, VideoFrame) and at_s > silent_s)
    assert over_s == after_s
