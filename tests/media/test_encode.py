"""Encoders: one picture in, one frame out, with what a decoder needs."""

from __future__ import annotations

import av
import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame

from tests.media.pictures import moving_pictures
from tth.media import annexb
from tth.media.encode import KEYFRAME_INTERVAL_S, H264Encoder, make_encoder
from tth.media.i420 import I420Converter
from tth.model.media import I420Picture, Picture, VideoCodec

pytestmark = pytest.mark.unit

FPS = 10


def decoded(data: list[bytes]) -> list[VideoFrame]:
    decoder = av.CodecContext.create("h264", "r")
    frames = [frame for unit in data for frame in decoder.decode(av.Packet(unit))]
    return [frame for frame in [*frames, *decoder.decode(None)] if isinstance(frame, VideoFrame)]


def rgb(frame: VideoFrame) -> Picture:
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def test_h264_gives_one_frame_for_each_picture_and_they_decode_to_the_same_pictures() -> None:
    """Nothing is held back, and what comes out looks like what went in."""
    pictures = moving_pictures(12)
    encoder = make_encoder(VideoCodec.H264, 128, 96, FPS)
    frames = [encoder.encode(picture) for picture in pictures]
    shown = decoded([frame.data for frame in frames])
    assert len(shown) == len(pictures)
    assert min(cv2.PSNR(rgb(frame), picture) for frame, picture in zip(shown, pictures, strict=True)) > 32


def test_h264_marks_its_colours_as_bt709_limited() -> None:
    """A player that obeys the marks shows the right colours."""
    encoder = make_encoder(VideoCodec.H264, 128, 96, FPS)
    (frame,) = decoded([encoder.encode(moving_pictures(1)[0]).data])
    assert (frame.colorspace, frame.color_range) == (1, 1)


def test_h264_has_a_key_frame_with_parameter_sets_every_two_seconds() -> None:
    """A client that joins late can begin at any key frame."""
    encoder = make_encoder(VideoCodec.H264, 128, 96, FPS)
    frames = [encoder.encode(picture) for picture in moving_pictures(2 * KEYFRAME_INTERVAL_S * FPS + 1)]
    keys = [index for index, frame in enumerate(frames) if frame.keyframe]
    assert keys == [0, KEYFRAME_INTERVAL_S * FPS, 2 * KEYFRAME_INTERVAL_S * FPS]
    for index, frame in enumerate(frames):
        types = {annexb.nal_type(unit) for unit in annexb.nal_units(frame.data)}
        assert ({annexb.NAL_SPS, annexb.NAL_PPS, annexb.NAL_IDR} <= types) is (index in keys)


def test_h264_gives_its_parameter_sets_once() -> None:
    """codec_config is there on the first frame and stays empty while nothing changes."""
    encoder = make_encoder(VideoCodec.H264, 128, 96, FPS)
    frames = [encoder.encode(picture) for picture in moving_pictures(KEYFRAME_INTERVAL_S * FPS + 1)]
    assert frames[0].codec_config == annexb.parameter_sets(frames[0].data) != b""
    assert not any(frame.codec_config for frame in frames[1:])


def test_h264_makes_a_key_frame_when_asked() -> None:
    """A new stream on a running session gets a picture it can decode at once."""
    encoder = make_encoder(VideoCodec.H264, 128, 96, FPS)
    pictures = moving_pictures(3)
    frames = [encoder.encode(pictures[0]), encoder.encode(pictures[1]), encoder.encode(pictures[2], True)]
    assert [frame.keyframe for frame in frames] == [True, False, True]
    assert len(decoded([frames[2].data])) == 1


@pytest.mark.parametrize(("width_px", "height_px"), [(64, 64), (66, 98), (130, 64), (1024, 64)])
def test_h264_takes_every_even_size(width_px: int, height_px: int) -> None:
    """Sizes that are no multiple of 16 are cropped by the stream itself."""
    (picture,) = moving_pictures(1, width_px, height_px)
    (frame,) = decoded([make_encoder(VideoCodec.H264, width_px, height_px, FPS).encode(picture).data])
    assert (frame.width, frame.height) == (width_px, height_px)
    assert cv2.PSNR(rgb(frame), picture) > 28


def test_h264_refuses_odd_sides() -> None:
    """4:2:0 has no half chroma pixels."""
    with pytest.raises(ValueError, match="even"):
        make_encoder(VideoCodec.H264, 65, 64, FPS)


def test_h264_refuses_to_encode_after_close() -> None:
    """Closing twice is fine; encoding then is a mistake of the caller."""
    encoder = make_encoder(VideoCodec.H264, 128, 96, FPS)
    encoder.close()
    encoder.close()
    with pytest.raises(ValueError, match="after close"):
        encoder.encode(moving_pictures(1)[0])


def test_h264_takes_pictures_that_are_converted_already() -> None:
    """Bit for bit the same stream, at a size whose lines are not aligned."""
    pictures = moving_pictures(5, 66, 98)
    converter = I420Converter(66, 98)
    as_rgb, as_i420 = H264Encoder(66, 98, FPS), H264Encoder(66, 98, FPS)
    for index, picture in enumerate(pictures):
        converted = as_i420.encode(converter.convert(picture), force_keyframe=index == 3)
        assert converted == as_rgb.encode(picture, force_keyframe=index == 3)


@pytest.mark.parametrize("data", [np.zeros((96, 128), np.uint8), np.zeros((144, 256), np.uint8)[:, ::2]])
def test_h264_refuses_i420_of_another_form(data: Picture) -> None:
    """Another size, or with gaps."""
    with pytest.raises(ValueError, match="picture must be"):
        H264Encoder(128, 96, FPS).encode(I420Picture(data))


def test_jpeg_frames_stand_alone_and_look_like_the_picture() -> None:
    """Each is a key frame that any JPEG decoder reads."""
    picture = moving_pictures(1)[0]
    frame = make_encoder(VideoCodec.JPEG, 128, 96, FPS).encode(picture)
    shown = cv2.imdecode(np.frombuffer(frame.data, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert shown is not None
    assert frame.keyframe
    assert cv2.PSNR(np.asarray(shown, np.uint8), picture) > 32


def test_raw_frames_are_the_picture() -> None:
    """Byte for byte."""
    picture = moving_pictures(1)[0]
    assert make_encoder(VideoCodec.RAW_RGB24, 128, 96, FPS).encode(picture).data == picture.tobytes()


@pytest.mark.parametrize("codec", [VideoCodec.H264, VideoCodec.JPEG, VideoCodec.RAW_RGB24])
@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((64, 64, 3), np.uint8),
        np.zeros((96, 128, 4), np.uint8),
        np.zeros((96, 128, 3), np.float32),
        np.zeros((96, 256, 3), np.uint8)[:, ::2],
    ],
)
def test_a_picture_of_another_form_is_refused(codec: VideoCodec, picture: Picture) -> None:
    """Wrong size, channels, type or memory order."""
    with pytest.raises(ValueError, match="picture must be"):
        make_encoder(codec, 128, 96, FPS).encode(picture)


def test_no_video_has_no_encoder() -> None:
    """Asking for one is a mistake of the caller."""
    with pytest.raises(ValueError, match="no encoder"):
        make_encoder(VideoCodec.NONE, 128, 96, FPS)
