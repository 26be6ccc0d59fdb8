"""Pictures of one session into frames."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from tests.pipeline.stage import inline
from tth.media.decode import FrameDecoder
from tth.media.encode import EncodedPicture
from tth.model.controls import GREEN_RGB
from tth.model.events import VideoFrame
from tth.model.media import DrawnFrame, FrameKind, VideoCodec
from tth.pipeline.frame_encoder import FrameEncoder

pytestmark = pytest.mark.pipeline


def drawn(index: int, size: int = 64) -> DrawnFrame:
    picture = np.full((size, size, 3), 10 * index % 255, np.uint8)
    return DrawnFrame(960 * index, 960, FrameKind.IDLE, picture)


async def encode(encoder: FrameEncoder, *frames: DrawnFrame) -> list[VideoFrame]:
    return [await encoder.encode(frame, frame.start_sample, 25, 0) for frame in frames]


def test_first_frame_stands_alone() -> None:
    """A stream begins with a key frame that carries its parameters; the next ones lean on it."""
    events = asyncio.run(encode(FrameEncoder(VideoCodec.H264, inline), *map(drawn, range(4))))
    assert [event.keyframe for event in events] == [True, False, False, False]
    assert events[0].codec_config
    assert [event.frame_index for event in events] == [0, 1, 2, 3]


@pytest.mark.parametrize("codec", [codec for codec in VideoCodec if codec is not VideoCodec.NONE])
def test_a_frame_says_whether_it_has_alpha(codec: VideoCodec) -> None:
    """Where the codec can carry it; else the person is keyed, and never shown on what lies under the clear pixels."""
    clear = np.zeros((64, 64, 4), np.uint8)
    frame = DrawnFrame(0, 960, FrameKind.IDLE, clear)
    (event,) = asyncio.run(encode(FrameEncoder(codec, inline), frame))
    shown = FrameDecoder(codec).decode(event.data, 64, 64)
    assert event.alpha is codec.has_alpha
    assert shown is not None
    if not codec.has_alpha:
        assert np.abs(shown.astype(int) - GREEN_RGB).max() < 12
    (event,) = asyncio.run(encode(FrameEncoder(codec, inline), drawn(1)))
    assert not event.alpha


def test_requested_keyframe_comes_next() -> None:
    """After a loss the very next frame can be decoded without any before it."""

    async def main() -> list[VideoFrame]:
        encoder = FrameEncoder(VideoCodec.H264, inline)
        first = await encode(encoder, drawn(0), drawn(1))
        encoder.request_keyframe()
        return [*first, *await encode(encoder, drawn(2), drawn(3))]

    assert [event.keyframe for event in asyncio.run(main())] == [True, False, True, False]


def test_frame_lost_in_the_encoder_breaks_the_chain() -> None:
    """Cancelled between encoding and sending, the next frame is a key frame: the decoder never saw the lost one."""

    async def main() -> list[VideoFrame]:
        gate = asyncio.Event()
        gate.set()

        async def gated(work: Callable[[], EncodedPicture], /) -> EncodedPicture:
            encoded = work()
            await gate.wait()
            return encoded

        encoder = FrameEncoder(VideoCodec.H264, gated)
        first = await encode(encoder, drawn(0), drawn(1))
        gate.clear()
        lost = asyncio.create_task(encoder.encode(drawn(2), 0, 25, 0))
        await asyncio.sleep(0)
        lost.cancel()
        with pytest.raises(asyncio.CancelledError):
            await lost
        gate.set()
        return [*first, *await encode(encoder, drawn(3))]

    assert [event.keyframe for event in asyncio.run(main())] == [True, False, True]


def test_parameters_lost_with_the_first_frame_come_again() -> None:
    """When the first frame never left, the first one that does carries the parameters."""

    async def main() -> list[VideoFrame]:
        gate = asyncio.Event()

        async def gated(work: Callable[[], EncodedPicture], /) -> EncodedPicture:
            encoded = work()
            await gate.wait()
            return encoded

        encoder = FrameEncoder(VideoCodec.H264, gated)
        lost = asyncio.create_task(encoder.encode(drawn(0), 0, 25, 0))
        await asyncio.sleep(0)
        lost.cancel()
        await asyncio.wait([lost])
        gate.set()
        return await encode(encoder, drawn(1), drawn(2))

    events = asyncio.run(main())
    assert [bool(event.codec_config) for event in events] == [True, False]


def test_request_during_an_encode_holds_for_the_next() -> None:
    """A stop that comes while a frame is being encoded is not forgotten when that frame is done."""

    async def main() -> list[VideoFrame]:
        encoder: FrameEncoder

        async def stopped_meanwhile(work: Callable[[], EncodedPicture], /) -> EncodedPicture:
            encoded = work()
            if stops.pop(0):
                encoder.request_keyframe()
            return encoded

        stops = [False, True, False, False]
        encoder = FrameEncoder(VideoCodec.H264, stopped_meanwhile)
        return await encode(encoder, *map(drawn, range(4)))

    assert [event.keyframe for event in asyncio.run(main())] == [True, False, True, False]


def test_overtaken_encode_leaves_the_codec_alone() -> None:
    """A frame whose encoding was cancelled but runs all the same, behind the next one, does not break the chain."""

    async def main() -> list[VideoFrame]:
        late: list[Callable[[], EncodedPicture]] = []

        async def offload(work: Callable[[], EncodedPicture], /) -> EncodedPicture:
            if len(late) == 0:
                late.append(work)
                await asyncio.get_running_loop().create_future()
            return work()

        encoder = FrameEncoder(VideoCodec.H264, offload)
        lost = asyncio.create_task(encode(encoder, drawn(0)))
        await asyncio.sleep(0)
        lost.cancel()
        await asyncio.wait([lost])
        first = await encode(encoder, drawn(1))
        assert late[0]().data == b""
        return [*first, *await encode(encoder, drawn(2))]

    events = asyncio.run(main())
    assert [event.keyframe for event in events] == [True, False]


def test_new_size_begins_a_new_stream() -> None:
    """Another size needs another codec: key frame and new parameters."""
    encoder = FrameEncoder(VideoCodec.H264, inline)
    events = asyncio.run(encode(encoder, drawn(0), drawn(1), drawn(2, size=96)))
    assert (events[2].width_px, events[2].keyframe) == (96, True)
    assert events[2].codec_config


def test_close_twice() -> None:
    """Closing is idempotent."""
    encoder = FrameEncoder(VideoCodec.JPEG, inline)
    asyncio.run(encode(encoder, drawn(0)))
    encoder.close()
    encoder.close()
