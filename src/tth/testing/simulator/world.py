"""A whole conversation from one number: what everybody in it is like, and what the person does.

Tests: tests/testing/simulator/test_world.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from tth.core.budget import Budgets
from tth.model.controls import Controls, EmotionLabel, IdleMode, LatencyMode, Resolution
from tth.model.media import AudioCodec, MediaPreferences, VideoCodec
from tth.session.terms import OverlapPolicy
from tth.testing.simulator.adapters import ModelTraits, VoiceTraits
from tth.testing.simulator.avatar import AvatarTraits
from tth.testing.simulator.moves import with_moves
from tth.testing.simulator.script import Script, draw_steps
from tth.testing.simulator.steps import Step
from tth.testing.simulator.transport import Reading, Reads

SMALL = Resolution(64, 64)
TWO_SERVERS = 0.06
"""0..1, of the conversations have two."""
DRAIN_S = 2.0
"""For a turn that runs when its session ends."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts, and how much of it there may be."""

    idle_s: float = 300.0
    lifetime_s: float = 14_400.0
    grace_s: float = 300.0
    turns: int = 10_000

    @property
    def are_usual(self) -> bool:
        """No conversation gets there."""
        return self == Limits()


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is decided before the first message."""

    seed: int
    media: MediaPreferences
    overlap: OverlapPolicy
    controls: Controls
    """The server's own, below the session's."""
    model: ModelTraits
    voice: VoiceTraits
    avatar: AvatarTraits | None
    realtime: bool
    """TALK turns go to a realtime model."""
    fault_rate: float
    reading: Reading
    report_ms: int
    """A playback report every so often; 0 = never."""
    reports: str
    """exact, lagging or lying."""
    uplink_ms: int
    """From the client's sending to the server's receiving."""
    budgets: Budgets
    outbox_events: int
    stalled_ms: int
    max_ahead_ms: int
    told_again: int
    """Events that can be told again, at most."""
    limits: Limits
    store_ms: int | None
    """How long the store takes to answer by which two servers share their sessions; None = there is one server, and no
    store."""
    steps: tuple[Step, ...]

    @property
    def record_s(self) -> float:
        """How long an event may wait that is told when it is on record: for a write that is on its way and for its own,
        and before that for others that wait."""
        return 8 * (self.store_ms or 0) / 1000


@dataclass(frozen=True, slots=True)
class Features:
    """What may occur."""

    untimed_voices: bool = True
    """Voices that give no times of words."""
    avatar_clocks: bool = True
    """Avatars with a clock or a rate of their own."""


def draw_world(seed: int, features: Features = Features()) -> World:
    """The world of this seed; always the same."""
    random = Random(seed)
    servers = Random(f"servers of {seed}")  # of its own: who has one server is the same whatever others have
    store_ms = servers.choice((0, 1, 5, 40)) if servers.random() < TWO_SERVERS else None
    media = replace(_media(random), audio_codec=_audio_codec(Random(seed + 3)))
    wants_pictures = media.motion or media.video_codec is not VideoCodec.NONE
    is_realtime = random.random() < 0.2
    overlap = random.choice((OverlapPolicy.SUPERSEDE, OverlapPolicy.SUPERSEDE, *OverlapPolicy))
    voice = _voice(random)
    avatar = _avatar(random)
    if not features.untimed_voices:
        voice = replace(voice, word_times=1.0)
    if not features.avatar_clocks:
        avatar = replace(avatar, early_ms=0, clock=1.0, fps=0)
    return World(
        seed=seed,
        media=media,
        overlap=overlap,
        controls=Controls(
            fps=random.choice((4, 5, 7, 8, 10, 12)),
            resolution=SMALL,
            latency_mode=random.choice(tuple(LatencyMode)),
            idle_mode=random.choice((IdleMode.NONE, IdleMode.NONE, IdleMode.FRAMES)),
            emotion_label=random.choice(tuple(EmotionLabel)),
        ),
        model=_model(random),
        voice=voice,
        avatar=avatar if wants_pictures or random.random() < 0.1 else None,
        realtime=is_realtime,
        fault_rate=random.choice((0.0, 0.0, 0.0, 0.05, 0.15, 0.4)),
        reading=_reading(random),
        report_ms=random.choice((0, 0, 100, 250, 500)),
        reports=random.choice(("exact", "exact", "exact", "lagging", "lying")),
        uplink_ms=random.choice((0, 0, 0, 5, 40, 150)),
        budgets=Budgets(
            llm_first_text_ms=1500,
            tts_first_chunk_ms=1200,
            avatar_first_frame_ms=random.choice((600, 1200)),
            silence_ms=1000,
            turn_ms=random.choice((60_000, 60_000, 60_000, 2500)),
            pause_ms=random.choice((60_000, 1200)),
        ),
        outbox_events=random.choice((16, 32, 64, 512)),
        stalled_ms=random.choice((1200, 2500)),
        max_ahead_ms=random.choice((100, 400, 400, 1000, 3000)),
        told_again=random.choice((512, 512, 512, 60, 12, 3)),
        limits=_limits(random),
        store_ms=store_ms,
        steps=_moved(servers, draw_steps(Script(random, media, is_realtime=is_realtime)), store_ms),
    )


def _moved(random: Random, steps: tuple[Step, ...], store_ms: int | None) -> tuple[Step, ...]:
    return steps if store_ms is None else with_moves(random, steps)


def _limits(random: Random) -> Limits:
    usual = Limits()
    return random.choices(
        (
            usual,
            replace(usual, idle_s=random.choice((0.8, 2.0, 5.0))),
            replace(usual, lifetime_s=random.choice((2.0, 6.0, 15.0))),
            replace(usual, grace_s=random.choice((0.0, 0.2, 1.0))),
            replace(usual, turns=random.randint(1, 4)),
        ),
        (84, 4, 4, 4, 4),
    )[0]


def _media(random: Random) -> MediaPreferences:
    codec = VideoCodec.RAW_RGB24 if random.random() < 0.3 else VideoCodec.NONE
    return MediaPreferences(video_codec=codec, motion=random.random() < 0.15, word_timings=random.random() < 0.75)


def _audio_codec(random: Random) -> AudioCodec:
    return random.choice((AudioCodec.PCM_S16LE, AudioCodec.OPUS))


def _model(random: Random) -> ModelTraits:
    kind = random.choice(("quick", "quick", "usual", "slow"))
    first_ms, piece_ms = {"quick": (0, 0), "usual": (300, 30), "slow": (1200, 300)}[kind]
    return ModelTraits(first_ms, piece_ms, words=random.choice((3, 8, 20)))


def _voice(random: Random) -> VoiceTraits:
    kind = random.choice(("at_once", "at_once", "usual", "real_time", "slow", "bursty"))
    first_ms, pace, burst_ms = {
        "at_once": (0, 0.0, 0),
        "usual": (150, 0.2, 0),
        "real_time": (80, 1.0, 0),
        "slow": (300, 1.4, 0),
        "bursty": (50, 0.1, 500),
    }[kind]
    return VoiceTraits(
        first_ms=first_ms,
        pace=pace,
        burst_ms=burst_ms,
        chunk_ms=random.choice((40, 80, 100, 250)),
        ms_per_character=random.choice((8.0, 15.0, 30.0)),
        word_times=random.choice((0.0, 0.5, 1.0, 1.0)),
        words_first=random.random() < 0.5,
    )


def _avatar(random: Random) -> AvatarTraits:
    best = AvatarTraits(open_fails=random.choice((0.0, 0.0, 0.0, 0.3)))
    return random.choice(
        (
            best,
            best,
            replace(best, ready_ms=random.choice((50, 400, 3000))),
            replace(best, stall_ms=random.choice((100, 700))),
            replace(best, lag_frames=random.randint(1, 6)),
            replace(best, work_ms=random.choice((30, 90, 140, 300)), eases=random.random() < 0.5),
            replace(best, burst=random.randint(2, 8)),
            replace(best, drops=random.choice((0.05, 0.3, 0.9))),
            replace(best, doubles=random.choice((0.05, 0.3, 1.0))),
            replace(best, early_ms=random.choice((20, 80, 400))),
            replace(best, clock=random.choice((0.97, 0.999, 1.001, 1.03))),
            replace(best, fps=random.choice((3, 6, 15))),
            replace(best, drops=0.1, doubles=0.1, burst=3, work_ms=60),
        )
    )


def _reading(random: Random) -> Reading:
    reads = random.choices(tuple(Reads), (40, 35, 12, 9, 4))[0]
    match reads:
        case Reads.SLOW:
            return Reading(
                reads,
                message_ms=random.choice((1, 5, 20, 60)),
                bytes_per_s=random.choice((0, 20_000, 200_000)),
                window=random.choice((1, 8, 64)),
            )
        case Reads.STALLS:
            return Reading(
                reads,
                stall_ms=random.choice((200, 1000, 4000)),
                every_ms=random.choice((300, 1500)),
                window=random.choice((1, 8, 64)),
            )
        case Reads.NEVER:
            return Reading(reads, window=random.choice((1, 8, 64)))
        case _:
            return Reading(reads)
