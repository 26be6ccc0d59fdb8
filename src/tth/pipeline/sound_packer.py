"""Sound into chunks as the client's codec wants them: PCM as it comes, packets of a codec in their own length.

A codec gives back its samples later than it got them, so a packet can be made only when some of what follows it is
there. Which samples of the media clock each packet decodes to is decided here, to the sample. A run of packets is
decoded by itself: it begins with the sound, behind a hole, and wherever the one before was finished.
Tests: tests/pipeline/test_sound_packer.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, TypeAlias

import numpy as np

from tth.media.opus import OpusEncoder
from tth.model.media import AudioCodec, Pcm, ms_to_samples

PCM_MARK_SAMPLES = ms_to_samples(40)


@dataclass(frozen=True, slots=True)
class Packet:
    """One chunk's sound."""

    data: bytes
    start_sample: int
    sample_count: int
    control_revision: int
    """Of the first sample."""
    skip_sample_count: int = 0
    """Decoded samples before the first one of this chunk. Not 0: a run begins."""


class PacketEncoder(Protocol):
    """A codec's state from the beginning of a run."""

    @property
    def packet_samples(self) -> int:
        """So many go in at a time."""
        ...

    @property
    def delay_samples(self) -> int:
        """So many decoded samples lie before the first one that was encoded; less than a packet has."""
        ...

    def encode(self, pcm: Pcm) -> bytes:
        """The next packet."""
        ...


class SoundPacker(Protocol):
    """Of one take. What is given is given in the order of the media clock."""

    codec: AudioCodec
    mark_samples: int
    """A run of so much silence is one chunk."""

    @property
    def waits_from(self) -> int | None:
        """The first sample that was given and is in no chunk yet; None where there is none."""
        ...

    def pack(self, pcm: Pcm, start_sample: int, control_revision: int) -> list[Packet]:
        """Every chunk that is whole with this, in order."""
        ...

    def finish(self) -> list[Packet]:
        """The rest of what was given; what comes behind it is another run."""
        ...


MakePacker: TypeAlias = Callable[[AudioCodec], SoundPacker]


def make_packer(codec: AudioCodec) -> SoundPacker:
    """For one take."""
    return PcmPacker() if codec is AudioCodec.PCM_S16LE else PacketPacker(codec, _ENCODERS[codec])


class PcmPacker:
    """The bytes of the sound as they are, chunk by chunk as they come."""

    codec = AudioCodec.PCM_S16LE
    mark_samples = PCM_MARK_SAMPLES
    waits_from: int | None = None

    def pack(self, pcm: Pcm, start_sample: int, control_revision: int) -> list[Packet]:
        """See `SoundPacker.pack`."""
        return [Packet(pcm.tobytes(), start_sample, len(pcm), control_revision)]

    def finish(self) -> list[Packet]:
        """Nothing waits."""
        return []


class PacketPacker:
    """Packets of one length, as a codec makes them."""

    def __init__(self, codec: AudioCodec, open_encoder: Callable[[], PacketEncoder]) -> None:
        """open_encoder: gives a codec at the beginning of a run; the first one is made now, when nobody waits."""
        self.codec = codec
        self._open_encoder = open_encoder
        self._encoder: PacketEncoder | None = open_encoder()
        self._size, self._delay = self._encoder.packet_samples, self._encoder.delay_samples
        self.mark_samples = self._size - self._delay
        self._skip = self._delay
        """Of the next packet."""
        self._unencoded = np.zeros(0, np.int16)
        self._next_sample = self._end_sample = 0  # of what is in no packet yet; in a run there always is something
        self._revisions: deque[tuple[int, int]] = deque()  # up to which sample which one holds

    @property
    def waits_from(self) -> int | None:
        """See `SoundPacker.waits_from`."""
        return self._next_sample if self._next_sample < self._end_sample else None

    def pack(self, pcm: Pcm, start_sample: int, control_revision: int) -> list[Packet]:
        """See `SoundPacker.pack`."""
        packets = self.finish() if start_sample != self._end_sample else []
        if self.waits_from is None:
            self._next_sample = self._end_sample = start_sample
        self._end_sample += len(pcm)
        self._revisions.append((self._end_sample, control_revision))
        self._unencoded = np.concatenate((self._unencoded, pcm))
        while len(self._unencoded) >= self._size:
            packets.append(self._packet())
        return packets

    def finish(self) -> list[Packet]:
        """See `SoundPacker.finish`."""
        packets = []
        while self.waits_from is not None:
            missing = max(0, self._size - len(self._unencoded))
            self._unencoded = np.concatenate((self._unencoded, np.zeros(missing, np.int16)))
            packets.append(self._packet())
        self._encoder, self._skip = (None, self._delay) if packets else (self._encoder, self._skip)
        self._unencoded = self._unencoded[:0]
        self._revisions.clear()
        return packets

    def _packet(self) -> Packet:
        if self._encoder is None:
            self._encoder = self._open_encoder()
        start, skip, self._skip = self._next_sample, self._skip, 0
        data, self._unencoded = self._encoder.encode(self._unencoded[: self._size]), self._unencoded[self._size :]
        count = min(self._size - skip, self._end_sample - start)
        self._next_sample += count
        while self._revisions[0][0] <= start:
            self._revisions.popleft()
        return Packet(data, start, count, self._revisions[0][1], skip)


_ENCODERS: Mapping[AudioCodec, Callable[[], PacketEncoder]] = MappingProxyType({AudioCodec.OPUS: OpusEncoder})
