"""What the adapters in use make of a control: done, narrowed, replaced, imitated or nothing. Pure.

The adapter with the best support decides; where several are equally good, the one that comes nearest does.
Tests: tests/control/test_fit.py.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tth.adapters.base import Capabilities, ControlSupport, Role, Support
from tth.adapters.registry import AdapterFacts
from tth.control.sound_path import PITCH, RATE, SOUND_PATH
from tth.core.blend import is_background
from tth.model.controls import (
    BY_PATH,
    FIELDS,
    GREEN,
    STUDIO,
    TRANSPARENT,
    ControlField,
    ControlOutcome,
    Controls,
    Resolution,
)
from tth.model.media import VideoCodec

SERVER_PATHS = frozenset({"character.persona_id", "render.latency_mode", "render.idle_mode"})
"""Controls that the server does itself, whatever the adapters are."""
_AVATAR_PATHS = frozenset({"render.fps", "render.resolution"})
"""What every avatar does by its contract, so that it need not say so."""
_OFFER_PATHS = _AVATAR_PATHS | {"render.background", "render.framing"}
"""Where an avatar offers some values and not others: in place of another one it gives its nearest."""
_SOUND_PATHS = frozenset({RATE, PITCH})
_BY_CONTRACT = ControlSupport(Support.NATIVE)
_DEFAULTS = Controls()
_SAME_REL = 1e-6
"""Controls travel as 32-bit floats: closer than this is the same value (the rounding of a float32 is 6e-8)."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What becomes of one control."""

    value: object
    """The value that will be in effect."""
    outcome: ControlOutcome
    """APPLIED, CLAMPED, SUBSTITUTED, EMULATED or IGNORED."""
    reason: str = ""
    adapter: str = ""
    """Who does it, the best first, joined by ", "; empty for the server and for nobody."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    adapter: AdapterFacts
    support: ControlSupport


def fit(path: str, value: object, adapters: Sequence[AdapterFacts], codec: VideoCodec = VideoCodec.NONE) -> Fit:
    """What these adapters make of a valid value of one control. What nobody does falls to the product's default.

    codec: what the pictures are sent as; one without alpha shows a person who should stand before nothing on green.
    """
    field = BY_PATH[path]
    if path in SERVER_PATHS:
        return Fit(value, ControlOutcome.APPLIED)
    best = _best(path, adapters)
    if not best:
        default = getattr(_DEFAULTS, field.attribute)
        return Fit(default, ControlOutcome.IGNORED, _why_not(path, adapters))
    names = ", ".join(candidate.adapter.name for candidate in best)
    nearest = _nearest(field, value, best)
    rest = _completion(path, adapters)
    if rest is not None and not is_same(nearest, value):
        return Fit(value, ControlOutcome.EMULATED, f"as far as {names} goes, the rest in the sound", f"{names}, {rest}")
    if nearest == TRANSPARENT and path == "render.background" and not (codec.has_alpha or codec is VideoCodec.NONE):
        return Fit(GREEN, ControlOutcome.SUBSTITUTED, f"{codec} has no alpha channel", names)
    if not is_same(nearest, value):
        is_offer = path in _OFFER_PATHS
        outcome = ControlOutcome.SUBSTITUTED if is_offer else ControlOutcome.CLAMPED
        reason = f"nearest that {names} offers" if is_offer else f"the limit of {names}"
        return Fit(nearest, outcome, reason, names)
    if best[0].support.support is Support.EMULATED:
        return Fit(value, ControlOutcome.EMULATED, f"imitated by {names}", names)
    return Fit(value, ControlOutcome.APPLIED, "", ", ".join([names, *_imitators(path, adapters)]))


def fit_to_adapters(
    controls: Controls, adapters: Sequence[AdapterFacts], codec: VideoCodec = VideoCodec.NONE
) -> Controls:
    """The controls as they will really be in effect. Idempotent.

    A value that an adapter narrows is narrowed, one that nobody does is the product's default. An adapter whose own
    limits are narrower than those of another one is given `fit_to_adapters(controls, (its own facts,))`.
    """
    fitted: dict[str, Any] = {
        field.attribute: fit(field.path, getattr(controls, field.attribute), adapters, codec).value
        for field in FIELDS
        if getattr(controls, field.attribute) is not None
    }
    return dataclasses.replace(controls, **fitted)


def _best(path: str, adapters: Iterable[AdapterFacts]) -> list[_Candidate]:
    """Those that do this control best, all equally well."""
    native: list[_Candidate] = []
    emulated: list[_Candidate] = []
    for adapter in adapters:
        said = adapter.capabilities.controls.get(path)
        if said is None:
            if adapter.role is Role.AVATAR and path in _AVATAR_PATHS:
                native.append(_Candidate(adapter, _BY_CONTRACT))
        elif said.support is Support.NATIVE:
            native.append(_Candidate(adapter, said))
        elif said.support is Support.EMULATED:
            emulated.append(_Candidate(adapter, said))
    if not native and path in _SOUND_PATHS:  # exact, where a voice would be asked in words
        emulated = [candidate for candidate in emulated if candidate.adapter is SOUND_PATH] or emulated
    return native or emulated


def _imitators(path: str, adapters: Iterable[AdapterFacts]) -> list[str]:
    """Who is asked to imitate what somebody else does well: a voice and a prompt, of a feeling that a face shows. Pace
    and pitch are done once."""
    if path in _SOUND_PATHS:
        return []
    said = [(adapter.name, adapter.capabilities.controls.get(path)) for adapter in adapters]
    return [name for name, support in said if support is not None and support.support is Support.EMULATED]


def _completion(path: str, adapters: Iterable[AdapterFacts]) -> str | None:
    """Who does the rest where the best go part of the way only."""
    return next((adapter.name for adapter in adapters if adapter is SOUND_PATH and path in _SOUND_PATHS), None)


def _why_not(path: str, adapters: Iterable[AdapterFacts]) -> str:
    said = (adapter.capabilities.controls.get(path) for adapter in adapters)
    reasons = [support.reason for support in said if support is not None and support.reason]
    return reasons[0] if reasons else "no adapter in use can do it"


def _nearest(field: ControlField, value: object, candidates: Sequence[_Candidate]) -> object:
    """The value nearest to the one asked for among what each candidate can do."""
    if isinstance(value, Resolution):
        sizes = [_nearest_resolution(value, candidate.adapter.capabilities) for candidate in candidates]
        return min(sizes, key=lambda size: _distance_px(size, value))
    if isinstance(value, int | float) and field.minimum is not None and field.maximum is not None:
        wanted = value
        limits = [_limits(field, candidate) for candidate in candidates]
        offered = (type(wanted)(min(max(wanted, low), high)) for low, high in limits)
        return min(offered, key=lambda offer: abs(offer - wanted))
    offers = [candidate.adapter.capabilities for candidate in candidates]
    if field.path == "render.background":
        return value if is_background(value, {STUDIO}.union(*(offer.backgrounds for offer in offers))) else STUDIO
    if field.path == "render.framing":
        return value if any(value in offer.framings for offer in offers) else offers[0].framings[0]
    return value


def _limits(field: ControlField, candidate: _Candidate) -> tuple[float, float]:
    assert field.minimum is not None
    assert field.maximum is not None
    low, high = candidate.support.minimum, candidate.support.maximum
    lowest = field.minimum if low is None else max(low, field.minimum)
    highest = field.maximum if high is None else min(high, field.maximum)
    if field.path == "render.fps":
        highest = min(highest, candidate.adapter.capabilities.max_fps)
        return math.ceil(lowest), math.floor(highest)
    return lowest, highest


def _nearest_resolution(wanted: Resolution, capabilities: Capabilities) -> Resolution:
    return min(capabilities.resolutions or (wanted,), key=lambda offer: _distance_px(offer, wanted))


def _distance_px(one: Resolution, other: Resolution) -> int:
    return abs(one.width_px - other.width_px) + abs(one.height_px - other.height_px)


def is_same(one: object, other: object) -> bool:
    """Equal but for the rounding that a value meets on the wire."""
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=_SAME_REL, abs_tol=_SAME_REL)
    return one == other
