"""One frame as it goes to the client."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """What an encoder makes of one picture."""

    data: bytes
    keyframe: bool
    """It can be decoded without any earlier one."""
    codec_config: bytes = b""
    """H.264: SPS and PPS in Annex B, on the first frame and whenever they change; else empty."""
