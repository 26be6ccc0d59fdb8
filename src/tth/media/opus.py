"""Sound into Opus packets and back: each is 20 ms of mono at 24 kHz, and the first one of an encoder can be heard.

The encoder is held to CELT (libopus's "lowdelay"): its samples come out where they went in, 2.5 ms later, and a new
decoder gives those of a new encoder from the first packet on; what is meant for speech alone (SILK) is another sample
late, cuts off the lowest tones, and takes three times as long. Tests: tests/media/test_opus.py.
"""

from __future__ import annotations

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

from tth.model.media import SAMPLE_RATE_HZ, Pcm, ms_to_samples

PACKET_MS = 20
PACKET_SAMPLES = ms_to_samples(PACKET_MS)
BIT_RATE = 32_000
"""Bits a second. Speech with all that 24 kHz hold; constrained: no second has more."""
COMPLEXITY = 5
"""0..10. 0.06 ms for a packet; 10 takes 0.09 and is no nearer to the original (espeak, 17 s, 2026-11)."""
_DECODED_RATE_HZ = 48_000
"""What FFmpeg's decoders give, whatever was encoded."""
_DECODED_EACH = _DECODED_RATE_HZ // SAMPLE_RATE_HZ


class OpusEncoder:
    """One run of sound: a packet in gives a packet out at once. About 0.06 ms each, so no thread is needed."""

    packet_samples = PACKET_SAMPLES

    def __init__(self) -> None:
        """A new state, in about 0.3 ms."""
        context = av.CodecContext.create("libopus", "w")
        assert isinstance(context, AudioCodecContext)
        context.sample_rate, context.layout, context.format = SAMPLE_RATE_HZ, "mono", "s16"
        context.bit_rate = BIT_RATE
        context.options = {
            "application": "lowdelay",
            "frame_duration": str(PACKET_MS),
            "compression_level": str(COMPLEXITY),
            "vbr": "constrained",
        }
        context.open()
        assert context.extradata is not None
        # OpusHead (RFC 7845, 5.1): the pre-skip, at 48 kHz.
        self.delay_samples = int.from_bytes(context.extradata[10:12], "little") // _DECODED_EACH
        """So many decoded samples lie before the first one that was encoded."""
        self._context = context
        self._next_sample = 0

    def encode(self, pcm: Pcm) -> bytes:
        """The next packet. pcm: PACKET_SAMPLES of them; raises ValueError for another number."""
        if len(pcm) != PACKET_SAMPLES:
            raise ValueError(f"a packet takes {PACKET_SAMPLES} samples, not {len(pcm)}")
        frame = AudioFrame(format="s16", layout="mono", samples=PACKET_SAMPLES)
        frame.planes[0].update(pcm.astype(np.int16, copy=False).tobytes())
        frame.sample_rate, frame.pts = SAMPLE_RATE_HZ, self._next_sample
        self._next_sample += PACKET_SAMPLES
        (packet,) = self._context.encode(frame)
        return bytes(packet)


class OpusDecoder:
    """One stream of packets, in order. Not for use from two threads at once. About 0.03 ms for a packet."""

    def __init__(self) -> None:
        self._context: AudioCodecContext | None = None

    def decode(self, data: bytes, skip_sample_count: int, sample_count: int) -> Pcm:
        """What a chunk brings: its `sample_count` samples at 24 kHz.

        skip_sample_count: as in the chunk; where it is not 0, everything before is forgotten. Raises ValueError for
        data that is no Opus packet or holds less than that; the next run is decoded again.
        """
        if self._context is None or skip_sample_count:
            self._context = _open_decoder()
        try:
            frames = self._context.decode(av.Packet(data))
        except av.error.FFmpegError as error:
            self._context = None
            raise ValueError("not an Opus packet") from error
        decoded = np.concatenate([np.zeros(0, np.int16), *(frame.to_ndarray().reshape(-1) for frame in frames)])
        # It holds nothing above 12 kHz, for nothing was there to be encoded: every second sample tells all.
        pcm = decoded[::_DECODED_EACH][skip_sample_count : skip_sample_count + sample_count]
        if len(pcm) != sample_count:
            raise ValueError(f"the packet has not {skip_sample_count} + {sample_count} samples")
        return np.ascontiguousarray(pcm, np.int16)


def _open_decoder() -> AudioCodecContext:
    context = av.CodecContext.create("libopus", "r")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate, context.layout, context.format = _DECODED_RATE_HZ, "mono", "s16"
    context.open()
    return context
