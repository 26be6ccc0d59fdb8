"""Sound files for tests."""

from __future__ import annotations

import struct

from tth.model.media import SAMPLE_RATE_HZ, Pcm


def wav(pcm: Pcm, channels: int = 1, bits: int = 16, extra: bytes = b"", rate_hz: int = SAMPLE_RATE_HZ) -> bytes:
    """A WAV file as a server streams it: its lengths are not known."""
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * channels * bits // 8, channels * bits // 8, bits)
    head = b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<I", 16) + form
    return head + extra + b"data\xff\xff\xff\xff" + pcm.astype("<i2").tobytes()
