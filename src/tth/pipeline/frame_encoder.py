"""One session's pictures into frames on the wire: the codec's state, its size, and when a key frame is due.

Encoding runs off the event loop. A frame that was encoded but never sent would break the chain for the decoder, so
after any doubt the next frame is a key frame. Tests: tests/pipeline/test_frame_encoder.py.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import Protocol

from tth.media.alpha import over
from tth.media.encode import EncodedPicture, H264Encoder, VideoEncoder, make_encoder
from tth.model.events import VideoFrame
from tth.model.media import DrawnFrame, I420Picture, Picture, VideoCodec


class EncodeOffload(Protocol):
    def __call__(self, work: Callable[[], EncodedPicture], /) -> Awaitable[EncodedPicture]: ...


class FrameEncoder:
    """Makes VideoFrames of one session, in order."""

    def __init__(self, codec: VideoCodec, offload: EncodeOffload) -> None:
        self.codec = codec
        self._offload = offload
        self._encoder: VideoEncoder | None = None
        self._format: tuple[int, int, int] | None = None
        self._frame_index = 0
        self._config = b""  # the parameter sets in force, whether or not the frame that brought them was sent
        self._chain_broken = True
        self._call_count = 0
        self._lock = threading.Lock()  # a cancelled encode may still be running in its thread

    def request_keyframe(self) -> None:
        """A frame got lost after it was encoded, or will be: the next one that is begun must stand alone."""
        self._chain_broken = True

    async def encode(self, frame: DrawnFrame, slot_sample: int, fps: int, dropped_before_count: int) -> VideoFrame:
        """The frame as an event. The caller hands it to the sink at once, without awaiting anything in between.

        Cancelled in between: the frame is lost and the next one is a key frame.
        """
        picture = frame.i420 or frame.picture
        assert picture is not None
        width_px, height_px = _size_px(picture)
        force_keyframe, self._chain_broken = self._chain_broken, False
        self._call_count += 1
        call = self._call_count
        try:
            encoded = await self._offload(lambda: self._encode(call, picture, fps, force_keyframe))
        except BaseException:
            self._chain_broken = True
            raise
        event = VideoFrame(
            data=encoded.data,
            codec=self.codec,
            width_px=width_px,
            height_px=height_px,
            start_sample=slot_sample,
            sample_count=frame.sample_count,
            frame_index=self._frame_index,
            keyframe=encoded.keyframe,
            kind=frame.kind,
            dropped_before_count=dropped_before_count,
            control_revision=frame.control_revision,
            alpha=self.codec.has_alpha and _has_alpha(picture),
            quality=frame.quality,
            codec_config=self._config if force_keyframe else encoded.codec_config,  # the first may have been lost
        )
        self._frame_index += 1
        return event

    def close(self) -> None:
        """Give the codec back. Idempotent."""
        with self._lock:
            if self._encoder is not None:
                self._encoder.close()
            self._encoder = self._format = None

    def _encode(self, call: int, picture: Picture | I420Picture, fps: int, force_keyframe: bool) -> EncodedPicture:
        with self._lock:
            if call != self._call_count:  # cancelled in its thread and overtaken: it must not come behind a key frame
                return EncodedPicture(b"", False)
            wanted = (*_size_px(picture), fps)
            if self._encoder is None or wanted != self._format:
                if self._encoder is not None:
                    self._encoder.close()
                self._encoder = make_encoder(self.codec, *wanted)
                self._format = wanted
            if isinstance(picture, I420Picture):
                assert isinstance(self._encoder, H264Encoder), "I420 was never asked for"
                encoded = self._encoder.encode(picture, force_keyframe)
            else:
                # Nobody asks for a clear background with such a codec; an avatar that gives one all the same is keyed.
                encoded = self._encoder.encode(picture if self.codec.has_alpha else over(picture), force_keyframe)
            self._config = encoded.codec_config or self._config
            return encoded


def _size_px(picture: Picture | I420Picture) -> tuple[int, int]:
    """Width and height."""
    if isinstance(picture, I420Picture):
        return picture.width_px, picture.height_px
    return picture.shape[1], picture.shape[0]


def _has_alpha(picture: Picture | I420Picture) -> bool:
    return not isinstance(picture, I420Picture) and picture.shape[2] == 4
