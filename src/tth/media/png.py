"""Pictures as small PNG files: as they are, or in 256 well chosen colours where that would be too large.

Tests: tests/media/test_png.py.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from tth.model.media import Picture

MOST_BYTES = 700_000
"""What a picture of a README may weigh."""


def save_small_png(picture: Picture, path: Path | str, most_bytes: int = MOST_BYTES) -> int:
    """Write a picture, exactly if that takes no more than `most_bytes`, else with a palette of 256 colours, dithered.

    picture: RGB, uint8, (h, w, 3). Returns the size of the file. Raises OSError when it cannot be written.
    """
    data = exact_png(picture)
    if len(data) > most_bytes:
        data = palette_png(picture)
    Path(path).write_bytes(data)
    return len(data)


def exact_png(picture: Picture) -> bytes:
    """All colours as they are."""
    done, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    assert done  # PNG takes every uint8 picture
    return data.tobytes()


def palette_png(picture: Picture) -> bytes:
    """256 colours chosen for this picture, errors spread over neighbours (Sierra): a third of the size."""
    encoder = av.CodecContext.create("png", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.height, encoder.width = picture.shape[:2]
    encoder.pix_fmt, encoder.time_base = "pal8", Fraction(1, 25)
    encoder.options = {"compression_level": "9", "pred": "none"}
    packets = [*encoder.encode(_with_palette(picture)), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


def _with_palette(picture: Picture) -> VideoFrame:
    height, width = picture.shape[:2]
    graph = av.filter.Graph()
    source = graph.add("buffer", f"video_size={width}x{height}:pix_fmt=rgb24:time_base=1/25")
    split, choose = graph.add("split"), graph.add("palettegen", "stats_mode=single:reserve_transparent=0")
    use, sink = graph.add("paletteuse", "dither=sierra2_4a"), graph.add("buffersink")
    source.link_to(split)
    split.link_to(use, 0, 0)
    split.link_to(choose, 1, 0)
    choose.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    frame.pts = 0
    graph.push(frame)
    graph.push(None)
    found = graph.pull()
    assert isinstance(found, VideoFrame)
    return found
