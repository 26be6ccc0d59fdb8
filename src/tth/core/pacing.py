"""How far media may run ahead of the moment it is heard, and how much sound is made in advance.

This, not the transport's flow control, bounds what an interrupt wastes. Tests: tests/core/test_pacing.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from tth.model.media import SAMPLE_RATE_HZ, ms_to_samples


@dataclass(frozen=True, slots=True)
class Pace:
    """Distances on the media clock, in samples, for one turn. `live` False: nothing ever waits (batch)."""

    live: bool
    ahead_samples: int
    """Sound and pictures are sent at most this long before they are presented."""
    synthesis_ahead_samples: int
    """No new clause is given to the voice while this much sound is waiting: an update is heard soon."""
    lead_samples: int = ms_to_samples(60)
    """Silence is decided this long before it is needed: one frame at 25 fps and 20 ms to draw and send it."""
    audio_lead_samples: int = ms_to_samples(120)
    """While there is time to spare, sound is sent at most this long before the picture that belongs to it."""
    reserve_samples: int = ms_to_samples(100)
    """Sound is not held back for a picture any longer when it is due within this."""


def live_pace(max_ahead_ms: int) -> Pace:
    """Pace for a listener. The voice works one and a half seconds further ahead than the sender: time enough for a
    remote voice to begin its next clause."""
    return Pace(True, ms_to_samples(max_ahead_ms), ms_to_samples(max_ahead_ms + 1500))


def batch_pace() -> Pace:
    """As fast as the machine can."""
    return Pace(False, 0, 0)


def frame_samples(fps: int) -> int:
    """Silence that is placed for one more frame: rounded up, so that a slot of a rate that does not divide 24 kHz is
    never left one sample short."""
    return -(-SAMPLE_RATE_HZ // fps)
