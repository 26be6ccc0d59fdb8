"""A codec that loses nothing and is as late as a real one: what a listener hears is known to the sample all the same.

Its packets say which run they are of and which of it they are: a decoder must get every one.
Tests: tests/pipeline/test_sound_packer.py, tests/testing/simulator/test_checks.py.
"""

from __future__ import annotations

import struct
from itertools import count
from typing import Any

import numpy as np

from tth.model.media import AudioCodec, Pcm
from tth.pipeline.sound_packer import PacketPacker, PcmPacker, SoundPacker
from tth.v1 import media_pb2

PACKET_SAMPLES = 480
DELAY_SAMPLES = 60
_HEADER = struct.Struct("<II")


class SimulatedEncoder:
    """One run. A packet holds what its decoder would give: the sound, DELAY_SAMPLES late."""

    packet_samples = PACKET_SAMPLES
    delay_samples = DELAY_SAMPLES

    def __init__(self, run: int) -> None:
        self._run = run
        self._number = 0
        self._late = np.zeros(DELAY_SAMPLES, np.int16)

    def encode(self, pcm: Pcm) -> bytes:
        """See `PacketEncoder.encode`."""
        assert len(pcm) == PACKET_SAMPLES
        decoded = np.concatenate((self._late, pcm))
        self._late = decoded[PACKET_SAMPLES:]
        header = _HEADER.pack(self._run, self._number)
        self._number += 1
        return header + decoded[:PACKET_SAMPLES].tobytes()


class SimulatedPackers:
    """Makes the packers of one server."""

    def __init__(self) -> None:
        self._runs = count(1)

    def __call__(self, codec: AudioCodec) -> SoundPacker:
        """See `MakePacker`."""
        if codec is AudioCodec.PCM_S16LE:
            return PcmPacker()
        return PacketPacker(codec, lambda: SimulatedEncoder(next(self._runs)))


def decode(data: bytes, skip_sample_count: int, sample_count: int) -> Pcm:
    """What a chunk of packets brings."""
    return np.frombuffer(data, np.int16, offset=_HEADER.size)[skip_sample_count : skip_sample_count + sample_count]


def pcm_of(chunk: Any) -> Pcm:
    """What a listener hears of a chunk (an AudioChunk of the wire)."""
    if chunk.codec != media_pb2.AUDIO_CODEC_OPUS:
        return np.frombuffer(chunk.data, np.int16)
    return decode(chunk.data, chunk.skip_sample_count, chunk.sample_count)


def place_of(chunk: Any) -> tuple[int, int]:
    """Which run a packet is of, and which of it it is, from 0."""
    run, number = _HEADER.unpack_from(chunk.data)
    return run, number
