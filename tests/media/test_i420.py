"""RGB into YUV 4:2:0: the compiled way against the standard and against OpenCV's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.media.pictures import moving_pictures
from tth.kernels import compiler, machine_code
from tth.kernels.jit import Kernel
from tth.media import i420
from tth.media.i420 import FROM_RGB, I420Converter, compile_conversion
from tth.model.media import I420Picture, Picture

pytestmark = pytest.mark.embedded

only_here = pytest.mark.skipif(not machine_code.is_supported(), reason="machine code is kept on Linux with x86-64 only")


@pytest.fixture(scope="module", autouse=True)
def _is_compiled() -> None:
    compile_conversion()


def planes(picture: I420Picture) -> list[NDArray[np.int16]]:
    """Y, U and V."""
    return [plane.astype(np.int16) for plane in picture.planes()]


def by_opencv(picture: Picture, monkeypatch: pytest.MonkeyPatch) -> list[NDArray[np.int16]]:
    with monkeypatch.context() as here:
        here.setattr(Kernel, "is_compiled_for", lambda self, *args: False)
        here.setattr(i420, "to_i420", Kernel(_never))
        return planes(I420Converter(picture.shape[1], picture.shape[0]).convert(picture))


def _never(*_args: Any) -> None:
    raise AssertionError("not compiled")


def noise(width_px: int, height_px: int) -> Picture:
    return np.random.default_rng(7).integers(0, 256, (height_px, width_px, 3), np.uint8)


@pytest.mark.parametrize("is_compiled", [pytest.param(True, marks=only_here), False])
@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ((255, 255, 255), (235, 128, 128)),
        ((0, 0, 0), (16, 128, 128)),
        ((255, 0, 0), (63, 102, 240)),
        ((0, 255, 0), (173, 42, 26)),
        ((0, 0, 255), (32, 240, 118)),
    ],
)
def test_pure_colours_become_the_numbers_of_bt709(
    monkeypatch: pytest.MonkeyPatch, is_compiled: bool, colour: tuple[int, int, int], expected: tuple[int, int, int]
) -> None:
    """Both ways."""
    picture = np.full((64, 64, 3), colour, np.uint8)
    found = planes(I420Converter(64, 64).convert(picture)) if is_compiled else by_opencv(picture, monkeypatch)
    for plane, value in zip(found, expected, strict=True):
        assert np.abs(plane - value).max() <= 1


@only_here
def test_every_luma_is_the_standards_to_one_step() -> None:
    """All combinations of 64 levels of each channel, the darkest and the lightest among them."""
    levels = np.linspace(0, 255, 64).round().astype(np.uint8)
    picture = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(512, 512, 3)
    exact = picture.astype(np.float64) @ FROM_RGB[0, :3] + 16
    assert np.abs(planes(I420Converter(512, 512).convert(picture))[0] - exact).max() < 1


@only_here
def test_every_chroma_is_the_standards_rounded() -> None:
    """Of noise: four different colours in each."""
    picture = noise(256, 256)
    mean = picture.astype(np.float64).reshape(128, 2, 128, 2, 3).mean((1, 3))
    for plane, weights in zip(planes(I420Converter(256, 256).convert(picture))[1:], FROM_RGB[1:], strict=True):
        assert np.abs(plane - (mean @ weights[:3] + 128)).max() < 0.51


@only_here
def test_grey_has_no_colour() -> None:
    """Of any lightness."""
    picture = np.repeat(np.arange(256, dtype=np.uint8), 2 * 3).reshape(1, 512, 3).repeat(2, 0)
    _, u, v = planes(I420Converter(512, 2).convert(picture))
    assert np.all(u == 128)
    assert np.all(v == 128)


@only_here
@pytest.mark.parametrize(("width_px", "height_px"), [(2, 2), (66, 98), (130, 64), (256, 256), (1024, 62)])
def test_both_ways_give_the_same_to_one_step(monkeypatch: pytest.MonkeyPatch, width_px: int, height_px: int) -> None:
    """At any even size, of noise and of a picture."""
    for picture in (noise(width_px, height_px), *moving_pictures(1, width_px, height_px)):
        converted = planes(I420Converter(width_px, height_px).convert(picture))
        for ours, theirs in zip(converted, by_opencv(picture, monkeypatch), strict=True):
            assert ours.shape == theirs.shape
            assert np.abs(ours - theirs).max() <= 1


@only_here
def test_a_picture_may_be_read_only_and_stays_as_it_was() -> None:
    """Nothing is compiled for it, nor is a picture that can be written to made read-only."""
    picture = noise(64, 64)
    before = picture.copy()
    converter = I420Converter(64, 64)
    expected = planes(converter.convert(picture))
    assert picture.flags.writeable
    picture.flags.writeable = False
    assert all(np.array_equal(a, b) for a, b in zip(planes(converter.convert(picture)), expected, strict=True))
    assert np.array_equal(picture, before)


def test_each_picture_has_memory_of_its_own() -> None:
    """The converter does not write to it again, and it is not the RGB picture's."""
    converter, picture = I420Converter(66, 98), noise(66, 98)
    first = converter.convert(picture)
    before = first.data.copy()
    converter.convert(255 - picture)
    assert np.array_equal(first.data, before)
    assert not np.shares_memory(first.data, picture)
    assert (first.width_px, first.height_px) == (66, 98)


def test_what_is_not_compiled_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no machine code is kept a picture is converted without the compiler."""
    monkeypatch.setattr(machine_code, "entry_of", lambda function, flat: None)
    monkeypatch.setattr(compiler, "compiled", None)
    monkeypatch.setattr(compiler, "dispatcher", None)
    monkeypatch.setattr(i420, "to_i420", Kernel(_never))
    assert np.all(planes(I420Converter(64, 64).convert(np.zeros((64, 64, 3), np.uint8)))[0] == 16)
