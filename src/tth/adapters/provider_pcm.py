"""A provider's sound as it comes over a network, cut anywhere, into our samples; and whether all of it has come.

Tests: tests/adapters/test_provider_pcm.py.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from tth.model.media import SAMPLE_RATE_HZ, Pcm, ms_to_samples

CHUNK_SAMPLES = ms_to_samples(100)
"""The longest chunk that is handed on: a server that sends its whole answer at once does not stall what follows."""
SHORTEST_MS_PER_CHARACTER = 20
"""Of a letter or digit at normal speed. Speech has 50 to 80 ms in Latin script, more in all others."""
_MAX_HEADER_BYTES = 65_536
_PCM, _EXTENSIBLE = 1, 0xFFFE
"""Format tags of a WAV file."""


class PcmReader:
    """Bytes in, samples at 24 kHz out. Takes 16-bit little-endian sound, mono, of a known rate; a WAV file at the
    beginning says its own rate and channels, which are believed, and lengths, which streams do not know and are not."""

    def __init__(self, sample_rate_hz: int = SAMPLE_RATE_HZ) -> None:
        """sample_rate_hz: of sound without a header."""
        self._rate_hz = sample_rate_hz
        self._channels = 1
        self._rest = b""
        """Bytes that are no whole sample yet; before the format is known, all of them."""
        self._is_known = False
        self._resampler: Any = None

    def feed(self, data: bytes) -> Pcm:
        """What these bytes complete; may be empty. Raises ValueError for a WAV file of another kind of samples."""
        self._rest += data
        if not self._is_known and not self._know_format():
            return np.zeros(0, np.int16)
        width = 2 * self._channels
        whole = len(self._rest) - len(self._rest) % width
        samples = np.frombuffer(self._rest[:whole], "<i2").astype(np.int16)
        self._rest = self._rest[whole:]
        if self._channels > 1:
            samples = samples.reshape(-1, self._channels).mean(axis=1).round().astype(np.int16)
        return self._at_our_rate(samples, is_last=False)

    def finish(self) -> Pcm:
        """What resampling has held back. Half a sample at the end is left out."""
        self._is_known = True  # so short that it could have become a header
        left = self.feed(b"")
        return np.concatenate([left, self._at_our_rate(np.zeros(0, np.int16), is_last=True)])

    def _know_format(self) -> bool:
        """Look whether a header stands at the beginning, and skip it; False while it is not complete."""
        if b"RIFF".startswith(self._rest[:4]) and len(self._rest) < 4:
            return False
        if self._rest[:4] == b"RIFF":
            body = self._skip_header()
            if body is None:
                if len(self._rest) > _MAX_HEADER_BYTES:
                    raise ValueError("a WAV file without sound")
                return False
            self._rest = body
        self._is_known = True
        return True

    def _skip_header(self) -> bytes | None:
        """What follows the header; None while it is not complete."""
        at = 12
        while len(self._rest) >= at + 8:
            name, size = struct.unpack_from("<4sI", self._rest, at)
            if name == b"data":
                return self._rest[at + 8 :]
            if name == b"fmt " and len(self._rest) >= at + 24:
                tag, self._channels, self._rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", self._rest, at + 8)
                if tag not in (_PCM, _EXTENSIBLE) or bits != 16 or not self._channels or not self._rate_hz:
                    raise ValueError("a WAV file of another kind than 16-bit samples")
            at += 8 + size + size % 2
        return None

    def _at_our_rate(self, samples: Pcm, *, is_last: bool) -> Pcm:
        if self._rate_hz == SAMPLE_RATE_HZ:
            return samples
        if self._resampler is None:
            import soxr

            self._resampler = soxr.ResampleStream(self._rate_hz, SAMPLE_RATE_HZ, 1, dtype="int16")
        return np.asarray(self._resampler.resample_chunk(samples, last=is_last), np.int16)


def pieces(pcm: Pcm) -> Iterator[Pcm]:
    """The sound in chunks of at most 100 ms; none for no sound."""
    for start in range(0, len(pcm), CHUNK_SAMPLES):
        yield pcm[start : start + CHUNK_SAMPLES]


def is_cut_short(text: str, sample_count: int, speed: float = 1.0) -> bool:
    """Whether this cannot be the sound of all of the text, spoken `speed` times as fast as usual.

    Streams of bare sound have no end of their own: of one that broke off cleanly this is all there is to see.
    """
    spoken = sum(character.isalnum() for character in text)
    return sample_count < ms_to_samples(SHORTEST_MS_PER_CHARACTER * spoken / speed)
