"""Pictures with an alpha channel keep it, or are put on green where they cannot."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.media.pictures import grey, moving_pictures
from tth.media.alpha import over
from tth.media.decode import FrameDecoder
from tth.media.encode import make_encoder
from tth.model.controls import GREEN_RGB
from tth.model.media import Picture, VideoCodec

pytestmark = pytest.mark.unit

ALPHA = [codec for codec in VideoCodec if codec.has_alpha]


def person() -> Picture:
    """A soft disc over nothing: alpha has every value from 0 to 255."""
    y, x = np.mgrid[0:96, 0:128]
    alpha = np.clip(255 * (1.5 - np.hypot(x - 64, y - 48) / 30), 0, 255)
    return np.dstack([moving_pictures(1)[0], alpha]).astype(np.uint8)


@pytest.mark.parametrize("codec", ALPHA)
def test_alpha_comes_back_exactly(codec: VideoCodec) -> None:
    """To the bit, whatever the codec does with the colours; those of what is seen come back as well."""
    given = person()
    encoded = make_encoder(codec, 128, 96, 25).encode(given)
    shown = FrameDecoder(codec).decode(encoded.data, 128, 96)
    assert encoded.keyframe
    assert shown is not None
    assert np.array_equal(shown[..., 3], given[..., 3])
    assert cv2.PSNR(over(shown, (128, 128, 128)), over(given, (128, 128, 128))) > 35
    if codec is not VideoCodec.WEBP:
        assert np.array_equal(shown, given)


@pytest.mark.parametrize("codec", ALPHA)
def test_pictures_with_and_without_alpha_may_follow_each_other(codec: VideoCodec) -> None:
    """The background may change between turns; raw frames without alpha are opaque."""
    encoder, decoder = make_encoder(codec, 128, 96, 25), FrameDecoder(codec)
    for given in (person(), grey(90), person()):
        shown = decoder.decode(encoder.encode(given).data, 128, 96)
        assert shown is not None
        if given.shape[2] == 3 and codec is VideoCodec.RAW_RGBA32:
            assert (shown[..., 3] == 255).all()
        else:
            assert shown.shape == given.shape


@pytest.mark.parametrize("codec", [VideoCodec.H264, VideoCodec.JPEG, VideoCodec.RAW_RGB24])
def test_codecs_without_alpha_refuse_it(codec: VideoCodec) -> None:
    """Dropping it would show whatever colours lie under what is transparent."""
    with pytest.raises(ValueError, match="picture must be"):
        make_encoder(codec, 128, 96, 25).encode(person())


@pytest.mark.parametrize("codec", ALPHA)
def test_wrong_pictures_are_refused(codec: VideoCodec) -> None:
    """Another size, another type."""
    encoder = make_encoder(codec, 128, 96, 25)
    for wrong in (grey(9, 64, 64), person().astype(np.float32), person()[:, ::-1], person()[..., :1]):
        with pytest.raises(ValueError, match="picture must be"):
            encoder.encode(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("data", [b"", b"no picture"])
@pytest.mark.parametrize("codec", ALPHA)
def test_what_is_no_picture_is_an_error(codec: VideoCodec, data: bytes) -> None:
    """As for the other codecs."""
    with pytest.raises(ValueError, match=r"not a|has not"):
        FrameDecoder(codec).decode(data, 128, 96)


def test_over_puts_a_person_on_a_colour() -> None:
    """Green where nothing is, untouched where the person is, halfway between; what is opaque already stays."""
    given = person()
    keyed = over(given)
    assert (keyed[given[..., 3] == 0] == GREEN_RGB).all()
    assert np.array_equal(keyed[given[..., 3] == 255], given[given[..., 3] == 255][:, :3])
    half = np.full((2, 2, 4), (100, 101, 102, 128), np.uint8)
    assert np.abs(over(half)[0, 0] - np.mean([GREEN_RGB, (100, 101, 102)], axis=0)).max() <= 1
    assert over(keyed) is keyed
