"""Packets hold every sample that was given, where it was given; nobody else sees a codec's delay and length."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tth.model.media import AudioCodec, Pcm
from tth.pipeline.sound_packer import Packet, PacketPacker, SoundPacker, make_packer
from tth.testing.simulator.packets import DELAY_SAMPLES, PACKET_SAMPLES, SimulatedPackers, decode

pytestmark = pytest.mark.pipeline

SIZES = st.one_of(st.integers(1, 3000), st.sampled_from([420, 421, 480, 960]))


def packer() -> SoundPacker:
    return SimulatedPackers()(AudioCodec.OPUS)


def ramp(count: int, start: int = 0) -> Pcm:
    return (np.arange(count) + start).astype(np.int16)


def sound_of(packet: Packet) -> Pcm:
    return decode(packet.data, packet.skip_sample_count, packet.sample_count)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(SIZES, st.sampled_from([0, 0, 0, 0, 1, 77, 30_000]), st.integers(0, 2), st.booleans()), max_size=12
    )
)
def test_every_sample_is_where_it_was(spans: list[tuple[int, int, int, bool]]) -> None:
    """spans: samples, samples of silence before them, a rise of the revision, whether it is finished behind them."""
    subject = packer()
    packets: list[Packet] = []
    given_at: dict[int, tuple[int, int]] = {}  # sample -> its value, its revision
    end = revision = 0
    for count, hole, rise, finishes in spans:
        start, revision = end + hole, revision + rise
        pcm = ramp(count, start)
        given_at |= {start + at: (int(value), revision) for at, value in enumerate(pcm)}
        end = start + count
        packets += subject.pack(pcm, start, revision)
        assert subject.waits_from is not None
        assert 0 < end - subject.waits_from < PACKET_SAMPLES + DELAY_SAMPLES
        if finishes:
            packets += subject.finish()
            assert subject.waits_from is None
    packets += subject.finish()
    assert subject.finish() == []
    heard = {p.start_sample + at: int(value) for p in packets for at, value in enumerate(sound_of(p))}
    assert heard == {at: value for at, (value, _) in given_at.items()}
    assert [p.start_sample for p in packets] == sorted(p.start_sample for p in packets)
    for packet in packets:
        assert 1 <= packet.sample_count <= PACKET_SAMPLES - packet.skip_sample_count
        assert packet.control_revision == given_at[packet.start_sample][1]
    for before, after in pairwise(packets):
        is_new_run = after.skip_sample_count == DELAY_SAMPLES
        assert is_new_run or before.start_sample + before.sample_count == after.start_sample
        assert is_new_run or before.sample_count + before.skip_sample_count == PACKET_SAMPLES
    assert not packets or packets[0].skip_sample_count == DELAY_SAMPLES


def test_nothing_waits_longer_than_it_must() -> None:
    """A packet comes with the sample that makes it whole: 40 ms of sound give 37.5."""
    subject = packer()
    assert subject.pack(ramp(479), 1000, 1) == []
    assert [p.sample_count for p in subject.pack(ramp(1), 1479, 1)] == [420]
    assert [p.sample_count for p in subject.pack(ramp(480), 1480, 1)] == [480]
    assert subject.waits_from == 1900


def test_a_mark_is_one_packet() -> None:
    """So much silence that its own run is whole with it."""
    subject = packer()
    packets = [*subject.pack(ramp(subject.mark_samples), 0, 1), *subject.finish()]
    assert [p.sample_count for p in packets] == [subject.mark_samples]


def test_pcm_is_as_it_was() -> None:
    """A chunk for each span, at once."""
    subject = make_packer(AudioCodec.PCM_S16LE)
    assert subject.pack(ramp(777), 5, 3) == [Packet(ramp(777).tobytes(), 5, 777, 3)]
    assert subject.waits_from is None
    assert subject.finish() == []


def test_opus_is_packed_with_its_own_delay() -> None:
    """The real codec: of its first packet less than all is sound."""
    subject = make_packer(AudioCodec.OPUS)
    assert isinstance(subject, PacketPacker)
    first, second = subject.pack(ramp(960), 0, 1)
    assert 0 < first.skip_sample_count < 480
    assert first.sample_count == 480 - first.skip_sample_count == subject.mark_samples
    assert (second.skip_sample_count, second.sample_count) == (0, 480)
