"""What a person does, by chance. Tests: tests/testing/simulator/test_world.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tth.model.controls import BY_PATH, ControlPatch, EmotionLabel
from tth.model.media import MediaPreferences
from tth.testing.simulator.steps import (
    AskTime,
    Await,
    Change,
    DrainServer,
    EndSession,
    Intrude,
    LastSeq,
    Misbehave,
    PauseTurn,
    Position,
    Reopen,
    Rest,
    Resume,
    ResumeTurn,
    Say,
    Step,
    StopTurn,
    Until,
)
from tth.testing.simulator.texts import MUTE, WORDS, draw_text, split

PERSONAS = ("default", "other", "third")
_MISDEEDS = ("empty_text", "long_text", "no_payload", "end_turn", "late_resume", "other_session")
_INTRUDERS = ("wrong", "old", "empty", "huge", "elsewhere", "unasked")


@dataclass(frozen=True, slots=True)
class Script:
    """What steps depend on."""

    random: Random
    media: MediaPreferences
    is_realtime: bool


def draw_steps(script: Script) -> tuple[Step, ...]:
    """A few things to do; the last ones may end the session."""
    random = script.random
    steps: list[Step] = []
    for _ in range(random.randint(2, 7)):
        steps += random.choices(_KINDS, _WEIGHTS)[0](script)
    if random.random() < 0.06:
        steps += _say(script)
        steps.append(Rest(random.choice((0, 20, 400))))
        steps.append(random.choice((EndSession(), DrainServer())))
    return tuple(steps)


def _say(script: Script) -> list[Step]:
    random = script.random
    language = random.choice(tuple(WORDS))
    text = draw_text(random, language, random.choice((1, 3, 6, 12, 25)))
    if random.random() < 0.03:
        text = random.choice(MUTE)
    mode = "talk" if random.random() < (0.8 if script.is_realtime else 0.4) else "say"
    turn_id = f"mine_{random.randint(0, 99)}" if random.random() < 0.2 else ""
    controls = _patch(random) if random.random() < 0.15 else ControlPatch()
    language = language if random.random() < 0.5 else ""
    if random.random() < 0.75:
        say = Say((text,), mode, turn_id=turn_id, controls=controls, language=language)
    else:
        ends = random.choice(("last_part", "last_part", "end_turn", "end_turn", "never"))
        gap_ms = random.choice((0, 0, 30, 200, 600))
        say = Say(tuple(split(random, text, 5)), mode, gap_ms, ends, turn_id, controls, language)
    return [say, *_after(random)]


def _after(random: Random) -> list[Step]:
    """How long a person listens before the next thing."""
    kind = random.choices(("end", "part", "none"), (55, 35, 10))[0]
    if kind == "end":
        return [Await(Until.END, 8000)]
    if kind == "part":
        steps: list[Step] = [Await(random.choice(tuple(Until)), 2500)]
        return [*steps, Rest(random.choice((0, 1, 15, 120, 400, 900)))]
    return []


def _stop(script: Script) -> list[Step]:
    random = script.random
    before = _say(script) if random.random() < 0.8 else []
    if before and random.random() < 0.8:
        before = [before[0], Await(Until.SOUND, 2500), Rest(random.choice((0, 30, 150, 300, 700, 1500)))]
    position = random.choices(tuple(Position), (25, 50, 8, 8, 5, 4))[0]
    turn = random.choices(("", "own", "wrong"), (70, 25, 5))[0]
    return [*before, StopTurn(position, turn)]


def _pause(script: Script) -> list[Step]:
    """Mostly it goes on some time later; else the next steps meet a turn that is held."""
    random = script.random
    steps = _say(script)[:1] if random.random() < 0.9 else []
    if steps and random.random() < 0.85:
        steps += [Await(Until.SOUND, 2500), Rest(random.choice((0, 0, 30, 150, 300, 700, 1500)))]
    for _ in range(random.choices((1, 2, 3), (6, 2, 1))[0]):
        position = random.choices(tuple(Position), (30, 50, 6, 6, 4, 4))[0]
        steps.append(PauseTurn(position, random.choices(("", "own", "wrong"), (70, 25, 5))[0]))
        steps.append(Rest(random.choice((0, 0, 1, 60, 300, 900, 1500))))
        if random.random() < 0.15:
            steps += random.choice((_change, _stop, _misbehave, _reopen, _ping, _say))(script)
        if random.random() < 0.85:
            steps.append(ResumeTurn(random.choices(("", "own", "wrong"), (70, 25, 5))[0]))
            steps.append(Rest(random.choice((0, 1, 100, 300, 800))))
    return [*steps, *_after(random)]


def _resume(script: Script) -> list[Step]:
    return [ResumeTurn()]


def _patch(random: Random) -> ControlPatch:
    """Some controls that are allowed."""
    return random.choice(
        (
            ControlPatch(emotion_label=random.choice(tuple(EmotionLabel)), emotion_intensity=random.random()),
            ControlPatch(speech_rate=random.uniform(0.5, 2)),
            ControlPatch(persona_id=random.choice(PERSONAS)),
            ControlPatch(fps=random.choice((5, 10, 12))),
            ControlPatch(pitch_shift=0.5, motion_gain=1.5, expressivity=0.1),
            ControlPatch(),
        )
    )


def _change(script: Script) -> list[Step]:
    random = script.random
    if random.random() < 0.15:
        bad = random.choice((ControlPatch(speech_rate=99.0), ControlPatch(persona_id="nobody"), ControlPatch(fps=0)))
        return [Change(bad, is_good=False)]
    if random.random() < 0.05:
        return [Change(ControlPatch(), ("no.such.path",), is_good=False)]
    clear = (random.choice(tuple(BY_PATH)),) if random.random() < 0.3 else ()
    return [Change(_patch(random), clear, random.choice((0, 250, 2000)))]


def _rest(script: Script) -> list[Step]:
    return [Rest(script.random.choice((10, 100, 600)))]


def _misbehave(script: Script) -> list[Step]:
    how = script.random.choices(_MISDEEDS, (3, 3, 3, 3, 2, 1))[0]
    return [Misbehave(how)]


def _reopen(script: Script) -> list[Step]:
    random = script.random
    how = random.choice(("half_close", "cancel", "cancel", "broken"))
    return [Reopen(how, random.choice((0, 0, 50, 1500)))]


def _come_back(script: Script) -> list[Step]:
    """The stream is lost, mostly while somebody speaks, and its client goes on."""
    random = script.random
    steps = _say(script)[:1] if random.random() < 0.8 else []
    if steps and random.random() < 0.8:
        steps.append(Await(random.choice(tuple(Until)), 2500))
    steps.append(Rest(random.choice((0, 0, 1, 30, 150, 300, 700, 1500))))
    for _ in range(random.choices((1, 2, 3), (7, 2, 1))[0]):
        steps.append(_loss(script))
        if random.random() < 0.3:
            steps.append(Rest(random.choice((0, 1, 100, 600))))
    return [*steps, *_after(random)]


def _loss(script: Script) -> Reopen:
    random = script.random
    how = random.choices(
        ("cancel", "broken", "silent", "takeover", "silent_takeover", "half_close"), (25, 20, 25, 15, 15, 5)
    )[0]
    resume = Resume(
        random.choices(tuple(Position), (15, 55, 10, 10, 5, 5))[0],
        random.choices(tuple(LastSeq), (70, 8, 6, 8, 4, 4))[0],
        shows_last=random.random() < 0.2,
        waits=random.random() < 0.7,
        repeats=random.choice((0, 0, 1, 5)),
    )
    meanwhile: list[Step] = []
    if how in ("silent", "silent_takeover"):
        for _ in range(random.choices((0, 1, 2), (4, 4, 2))[0]):
            meanwhile += random.choice((_say_at_once, _say_at_once, _interrupt, _hold, _resume, _change, _ping))(script)
    rest_ms = random.choice((0, 0, 1, 50, 300, 1500))
    intruders = tuple(_intruder(script) for _ in range(random.choices((0, 1, 2), (85, 12, 3))[0]))
    return Reopen(how, rest_ms, resume, tuple(meanwhile), intruders)


def _say_at_once(script: Script) -> list[Step]:
    return _say(script)[:1]


def _interrupt(script: Script) -> list[Step]:
    return [StopTurn(script.random.choice((Position.NONE, Position.EXACT)))]


def _hold(script: Script) -> list[Step]:
    return [PauseTurn(script.random.choice((Position.NONE, Position.EXACT)))]


def _intruder(script: Script) -> Intrude:
    return Intrude(script.random.choice(_INTRUDERS))


def _intrude(script: Script) -> list[Step]:
    return [_intruder(script)]


def _ping(script: Script) -> list[Step]:
    return [AskTime()]


_KINDS: tuple[Callable[[Script], list[Step]], ...] = (
    _say,
    _stop,
    _pause,
    _resume,
    _change,
    _rest,
    _misbehave,
    _reopen,
    _come_back,
    _intrude,
    _ping,
)
_WEIGHTS = (34, 18, 14, 2, 11, 7, 5, 4, 14, 2, 6)
