"""Every codec on the wire becomes pictures again."""

from __future__ import annotations

import cv2
import pytest

from tests.media.pictures import grey, moving_pictures
from tth.media.decode import FrameDecoder
from tth.media.encode import make_encoder
from tth.model.media import VideoCodec

pytestmark = pytest.mark.unit

CODECS = [VideoCodec.H264, VideoCodec.JPEG, VideoCodec.RAW_RGB24]


@pytest.mark.parametrize("codec", CODECS)
def test_each_frame_gives_its_own_picture_at_once(codec: VideoCodec) -> None:
    """No picture is held back for the next frame, across key frames too."""
    encoder, decoder = make_encoder(codec, 128, 96, 10), FrameDecoder(codec)
    for picture in moving_pictures(45):
        shown = decoder.decode(encoder.encode(picture).data, 128, 96)
        assert shown is not None
        assert cv2.PSNR(shown, picture) > 32


def test_h264_before_the_first_key_frame_has_no_picture() -> None:
    """A client that joins late waits for the next key frame."""
    encoder, decoder = make_encoder(VideoCodec.H264, 128, 96, 10), FrameDecoder(VideoCodec.H264)
    pictures = moving_pictures(3)
    encoder.encode(pictures[0])
    assert decoder.decode(encoder.encode(pictures[1]).data, 128, 96) is None
    assert decoder.decode(encoder.encode(pictures[2], True).data, 128, 96) is not None


def test_a_new_size_begins_with_its_key_frame() -> None:
    """The stream may change its resolution between turns."""
    decoder = FrameDecoder(VideoCodec.H264)
    small = make_encoder(VideoCodec.H264, 64, 64, 10).encode(grey(90, 64, 64))
    large = make_encoder(VideoCodec.H264, 128, 96, 10).encode(grey(90))
    for data, size in [(small.data, (64, 64)), (large.data, (128, 96)), (small.data, (64, 64))]:
        picture = decoder.decode(data, *size)
        assert picture is not None
        assert picture.shape[1::-1] == size


@pytest.mark.parametrize(
    ("codec", "data"), [(VideoCodec.JPEG, b"no"), (VideoCodec.JPEG, b""), (VideoCodec.RAW_RGB24, b"no")]
)
def test_data_that_is_no_frame_is_refused(codec: VideoCodec, data: bytes) -> None:
    """With a ValueError, not with a picture of noise."""
    with pytest.raises(ValueError, match=r"JPEG|raw"):
        FrameDecoder(codec).decode(data, 128, 96)


def test_a_broken_h264_stream_recovers_at_the_next_key_frame() -> None:
    """What cannot be decoded is refused or shows nothing; after it comes a good picture."""
    encoder, decoder = make_encoder(VideoCodec.H264, 128, 96, 10), FrameDecoder(VideoCodec.H264)
    pictures = moving_pictures(2)
    key = encoder.encode(pictures[0]).data
    decoder.decode(key, 128, 96)
    with pytest.raises(ValueError, match=r"H\.264"):
        decoder.decode(b"\0\0\1\x67" + b"\xff" * 40 + b"\0\0\1\x65\xff", 128, 96)
    assert decoder.decode(encoder.encode(pictures[1], True).data, 128, 96) is not None


def test_a_frame_of_another_size_than_it_says_is_refused() -> None:
    """The numbers beside a frame must be its own."""
    data = make_encoder(VideoCodec.JPEG, 128, 96, 10).encode(grey(50)).data
    with pytest.raises(ValueError, match="64x64"):
        FrameDecoder(VideoCodec.JPEG).decode(data, 64, 64)


def test_no_video_has_no_pictures() -> None:
    """A mistake of the caller."""
    with pytest.raises(ValueError, match="no pictures"):
        FrameDecoder(VideoCodec.NONE).decode(b"", 64, 64)
