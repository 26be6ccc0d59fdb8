"""What was received comes out of the recording again, where its pts placed it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from tests.client.server import audio, video
from tests.media.pictures import grey, tone
from tests.media.test_alpha import person
from tests.media.test_mp4 import first_bright_s, onset_s, read
from tth.client.recorder import Recorder
from tth.media.encode import make_encoder
from tth.media.mp4 import ResolutionChanged
from tth.model.controls import GREEN_RGB
from tth.model.media import AudioCodec, VideoCodec, samples_to_us, us_to_samples
from tth.pipeline.sound_packer import make_packer
from tth.v1 import controls_pb2, media_pb2
from tth.v1.converse_pb2 import ConverseResponse, IdleClip, SessionState, TextDelta, TurnPaused, TurnStopped

pytestmark = pytest.mark.unit

WIRE = {
    VideoCodec.H264: media_pb2.VIDEO_CODEC_H264,
    VideoCodec.JPEG: media_pb2.VIDEO_CODEC_JPEG,
    VideoCodec.RAW_RGB24: media_pb2.VIDEO_CODEC_RAW_RGB24,
    VideoCodec.PNG: media_pb2.VIDEO_CODEC_PNG,
    VideoCodec.WEBP: media_pb2.VIDEO_CODEC_WEBP,
    VideoCodec.RAW_RGBA32: media_pb2.VIDEO_CODEC_RAW_RGBA32,
}


def frames(levels: list[int], codec: VideoCodec, start_us: int, turn_id: str = "t_1") -> list[ConverseResponse]:
    encoder = make_encoder(codec, 128, 96, 25)
    events = []
    for index, level in enumerate(levels):
        encoded = encoder.encode(grey(level))
        pts = start_us + index * 40_000
        events.append(video(turn_id, pts, encoded.data, keyframe=encoded.keyframe, codec=WIRE[codec]))
    return events


def word(turn_id: str, text: str, offset: int, pts_us: int) -> ConverseResponse:
    timing = media_pb2.WordTiming(word=text, offset=offset, pts_us=pts_us, duration_us=200_000)
    return ConverseResponse(turn_id=turn_id, word_timing=timing)


@pytest.mark.parametrize("codec", list(WIRE))
@pytest.mark.parametrize("audio_first", [True, False])
def test_sound_and_picture_stay_together(tmp_path: Path, codec: VideoCodec, audio_first: bool) -> None:
    """A flash and a beep at the same pts, whatever the codec, whichever comes first."""
    start = 5_000_000
    pictures = frames([20] * 10 + [220] * 10, codec, start)
    sound = [audio("t_1", start + 400_000, tone(0.4, 1000.0, 0.8).tobytes())]
    recorder = Recorder(tmp_path / "a.mp4")
    for event in [*sound, *pictures] if audio_first else [*pictures, *sound]:
        recorder.take(event)
    assert recorder.close()
    result = read(tmp_path / "a.mp4")
    assert len(result.frame_times_s) == 20
    assert abs(first_bright_s(result) - 0.4) < 0.001
    assert abs(onset_s(result) - 0.4) < 0.005


def test_opus_is_heard_where_its_pts_places_it(tmp_path: Path) -> None:
    """A beep in the middle of two runs with a hole between."""
    start, beep = 5_000_000, tone(0.4, 1000.0, 0.8)
    packer = make_packer(AudioCodec.OPUS)
    silent = np.zeros(9_600, np.int16)
    first = us_to_samples(start)
    packets = [*packer.pack(silent, first, 1), *packer.pack(beep, first + 14_400, 1), *packer.finish()]
    recorder = Recorder(tmp_path / "a.mp4")
    for picture in frames([20] * 30, VideoCodec.H264, start):
        recorder.take(picture)
    for packet in packets:
        event = audio("t_1", samples_to_us(packet.start_sample))
        chunk = event.audio_chunk
        chunk.data, chunk.codec, chunk.sample_count = packet.data, media_pb2.AUDIO_CODEC_OPUS, packet.sample_count
        chunk.duration_us, chunk.skip_sample_count = samples_to_us(packet.sample_count), packet.skip_sample_count
        recorder.take(event)
    assert recorder.audio_samples == len(silent) + len(beep)
    assert recorder.close()
    assert abs(onset_s(read(tmp_path / "a.mp4")) - 0.6) < 0.005


@pytest.mark.parametrize("codec", [codec for codec in WIRE if codec.has_alpha])
@pytest.mark.parametrize("suffix", [".mov", ".mp4"])
def test_alpha_is_kept_or_becomes_green(tmp_path: Path, codec: VideoCodec, suffix: str) -> None:
    """A .mov keeps it to the bit, an .mp4 shows the person on green."""
    path, given = tmp_path / f"a{suffix}", person()
    encoder = make_encoder(codec, 128, 96, 25)
    with Recorder(path) as recorder:
        for index in range(5):
            recorder.take(video("t_1", index * 40_000, encoder.encode(given).data, keyframe=True, codec=WIRE[codec]))
    with av.open(str(path)) as file:
        shown = [np.asarray(frame.to_ndarray(format="rgba"), np.uint8) for frame in file.decode(video=0)]
    assert len(shown) == 5
    for picture in shown:
        if suffix == ".mov":
            assert np.array_equal(picture[..., 3], given[..., 3])
        else:
            assert np.abs(picture[2, 2, :3].astype(int) - GREEN_RGB).max() < 12


def test_subtitles_hold_the_text_with_its_marks(tmp_path: Path) -> None:
    """Also quotes and Chinese; what was not spoken any more is not written."""
    recorder = Recorder(tmp_path / "a.mp4", subtitles=tmp_path / "a.vtt")
    text = 'She said "hello, you". And then'
    for delta in (TextDelta(text=text[:9]), TextDelta(text=text[9:], offset=9)):
        recorder.take(ConverseResponse(turn_id="t_1", text_delta=delta))
    recorder.take(audio("t_1", 2_000_000))
    for index, part in enumerate(["She", "said", "hello", "you"]):
        recorder.take(word("t_1", part, text.index(part), 2_000_000 + index * 200_000))
    recorder.take(ConverseResponse(turn_id="t_2", text_delta=TextDelta(text="你好吗？不")))
    for index, part in enumerate("你好吗"):
        recorder.take(word("t_2", part, index, 5_000_000 + index * 200_000))
    recorder.close()
    with av.open(str(tmp_path / "a.vtt")) as file:
        packets = [(packet.pts, bytes(packet).decode()) for packet in file.demux() if packet.size]
    assert packets == [(0, 'She said "hello, you".'), (3000, "你好吗？")]


def test_a_voice_without_word_times_has_subtitles_all_the_same(tmp_path: Path) -> None:
    """What was heard of the text, spread over the sound."""
    recorder = Recorder(tmp_path / "a.mp4", subtitles=tmp_path / "a.vtt")
    recorder.take(ConverseResponse(turn_id="t_1", text_delta=TextDelta(text="One two. Three four. Never heard.")))
    recorder.take(audio("t_1", 0))
    recorder.take(audio("t_1", 960_000))
    stopped = TurnStopped(heard_text="One two. Three four.")
    recorder.take(ConverseResponse(turn_id="t_1", turn_stopped=stopped))
    recorder.close()
    written = (tmp_path / "a.vtt").read_text()
    assert "One two." in written
    assert "Three four." in written
    assert "Never" not in written
    second = written.splitlines().index("Three four.")
    assert written.splitlines()[second - 1].startswith("00:00:00.4")  # letter 9 of 20 in a second of sound


def test_words_without_a_text_are_written_as_they_are(tmp_path: Path) -> None:
    """A client may have left out the text events."""
    recorder = Recorder(tmp_path / "a.mp4", subtitles=tmp_path / "a.vtt")
    recorder.take(audio("t_1", 0))
    recorder.take(word("t_1", "Hello", 0, 0))
    recorder.take(word("t_1", "there", 6, 300_000))
    recorder.close()
    assert "Hello there" in (tmp_path / "a.vtt").read_text()


def test_stills_show_the_widest_mouth_of_each_part(tmp_path: Path) -> None:
    """Taken from the finished file, by the numbers of the motion frames; blinks are left out."""
    recorder = Recorder(tmp_path / "a.mp4", blendshape_names=["eyeBlinkLeft", "jawOpen"])
    levels = [40, 60, 200, 240, 100, 120, 220, 140]
    for event, level in zip(frames(levels, VideoCodec.H264, 0), levels, strict=True):
        recorder.take(event)
        motion = media_pb2.MotionFrame(pts_us=event.video_frame.pts_us, blendshapes=[float(level == 240), level / 255])
        recorder.take(ConverseResponse(turn_id="t_1", motion_frame=motion))
    recorder.take(audio("t_1", 0))
    recorder.close()
    first, second = recorder.stills(["t_1", "unknown"], count_per_turn=2)
    assert (round(first.at_s, 3), round(second.at_s, 3)) == (0.08, 0.24)
    assert (first.pts_us, second.pts_us) == (80_000, 240_000)
    assert abs(first.picture.mean() - 200) < 4
    assert abs(second.picture.mean() - 220) < 4
    assert first.mouth_open == pytest.approx(200 / 255, abs=1e-3)


def test_without_motion_the_middle_of_the_speech_is_taken(tmp_path: Path) -> None:
    """And a turn in which nobody spoke has no still."""
    recorder = Recorder(tmp_path / "a.mp4")
    for event in frames([50, 100, 150], VideoCodec.JPEG, 0):
        recorder.take(event)
    recorder.close()
    (still,) = recorder.stills(["t_1", ""])
    assert abs(still.picture.mean() - 100) < 4
    assert still.mouth_open is None


def test_a_recording_of_sound_alone_is_good(tmp_path: Path) -> None:
    """A session without pictures can be recorded."""
    recorder = Recorder(tmp_path / "a.mp4")
    recorder.take(audio("t_1", 0, tone(0.5).tobytes()))
    assert recorder.close()
    assert read(tmp_path / "a.mp4").codecs == {"audio": "aac"}
    assert recorder.stills(["t_1"]) == []


def test_no_media_give_no_files(tmp_path: Path) -> None:
    """close says so, every time."""
    recorder = Recorder(tmp_path / "a.mp4", subtitles=tmp_path / "a.vtt")
    recorder.take(ConverseResponse(turn_id="t_1", text_delta=TextDelta(text="x")))
    assert not recorder.close()
    assert not recorder.close()
    assert list(tmp_path.iterdir()) == []


def test_another_size_in_the_middle_is_refused(tmp_path: Path) -> None:
    """The file so far can still be finished."""
    recorder = Recorder(tmp_path / "a.mp4")
    recorder.take(frames([50], VideoCodec.H264, 0)[0])
    small = make_encoder(VideoCodec.H264, 64, 64, 25).encode(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(ResolutionChanged):
        recorder.take(video("t_1", 40_000, small.data, keyframe=True, size=(64, 64)))
    assert recorder.close()


def test_sound_of_another_form_is_refused(tmp_path: Path) -> None:
    """It would be written at the wrong speed."""
    event = audio("t_1", 0)
    event.audio_chunk.sample_rate_hz = 16_000
    with pytest.raises(ValueError, match="24 kHz"):
        Recorder(tmp_path / "a.mp4").take(event)


def test_a_failure_throws_the_recording_away(tmp_path: Path) -> None:
    """No half file is left."""
    with pytest.raises(ZeroDivisionError), Recorder(tmp_path / "a.mp4") as recorder:
        _record_and_fail(recorder)
    assert list(tmp_path.iterdir()) == []


def _record_and_fail(recorder: Recorder) -> None:
    recorder.take(audio("t_1", 0))
    recorder.take(frames([50], VideoCodec.H264, 0)[0])
    raise ZeroDivisionError


@pytest.mark.parametrize("codec", [VideoCodec.H264, VideoCodec.JPEG])
def test_an_idle_clip_fills_the_time(tmp_path: Path, codec: VideoCodec) -> None:
    """Up to the next turn, forwards and backwards, decoded and encoded anew; told by a sign of life or a picture."""
    effective = controls_pb2.Controls(render=controls_pb2.Render(idle_mode=controls_pb2.IDLE_MODE_CLIP))
    state = SessionState(control_report=controls_pb2.ControlReport(effective=effective))
    clip = IdleClip(pts_us=0, duration_us=400_000, frame_count=10)
    with Recorder(tmp_path / "a.mp4") as recorder:
        recorder.take(ConverseResponse(session_state=state))
        recorder.take(ConverseResponse(idle_clip=clip))
        for event in frames([20 * index for index in range(10)], codec, 0, turn_id=""):
            recorder.take(event)
        recorder.take(ConverseResponse(session_state=SessionState(pts_us=1_000_000)))
        for event in frames([220] * 5, codec, 2_000_000):
            recorder.take(event)
    result = read(tmp_path / "a.mp4")
    assert len(result.frame_times_s) == 55
    assert all(abs(b - a - 0.04) < 0.001 for a, b in pairwise(result.frame_times_s))
    levels = [int(np.mean(picture)) for picture in pictures_of(tmp_path / "a.mp4")]
    expected = [20 * min(n % 18, 18 - n % 18) for n in range(50)] + [220] * 5
    assert max(abs(a - b) for a, b in zip(levels, expected, strict=True)) <= 12


def pictures_of(path: Path) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    with av.open(str(path)) as file:
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in file.decode(video=0)]


@pytest.mark.parametrize("codec", [VideoCodec.H264, VideoCodec.JPEG])
def test_what_a_pause_made_void_is_not_in_the_film(tmp_path: Path, codec: VideoCodec) -> None:
    """Bright while they speak; held after 0.2 s of a second that had come; then dark, and bright again. Words lie where
    they are heard in the film, once."""
    recorder = Recorder(tmp_path / "a.mp4", subtitles=tmp_path / "a.vtt")
    sound = tone(1.0, 1000.0, 0.8)
    recorder.take(ConverseResponse(turn_id="t_1", text_delta=TextDelta(text="One two")))
    recorder.take(audio("t_1", 0, sound.tobytes()))
    for event in frames([220] * 25, codec, 0):
        recorder.take(event)
    recorder.take(word("t_1", "One", 0, 0))
    recorder.take(word("t_1", "two", 4, 300_000))
    recorder.take(ConverseResponse(turn_id="t_1", turn_paused=TurnPaused(pts_us=200_000)))
    for event in frames([20] * 10, codec, 1_000_000):
        recorder.take(event)
    recorder.take(audio("t_1", 1_400_000, sound[4800:].tobytes()))
    for event in frames([220] * 20, codec, 1_400_000):
        recorder.take(event)
    recorder.take(word("t_1", "two", 4, 1_500_000))
    recorder.close()
    result = read(tmp_path / "a.mp4")
    bright = [at for at, level in zip(result.frame_times_s, result.frame_levels, strict=True) if level > 128]
    assert [round(at / 0.04) for at in bright] == [*range(5), *range(15, 35)]
    quiet = result.pcm[int(0.25 * 24_000) : int(0.55 * 24_000)]
    assert np.abs(quiet).max() < 0.05
    assert "00:00.000 --> " in (tmp_path / "a.vtt").read_text()
    assert (tmp_path / "a.vtt").read_text().count("two") == 1
    second = recorder.stills(["t_1"], count_per_turn=2)[1]
    assert second.at_s == pytest.approx((second.pts_us - 800_000) / 1e6)


def test_a_pause_in_a_recording_of_sound_alone(tmp_path: Path) -> None:
    """What is void is cut out, and the rest follows."""
    recorder = Recorder(tmp_path / "a.mp4")
    recorder.take(audio("t_1", 0, tone(1.0).tobytes()))
    recorder.take(ConverseResponse(turn_id="t_1", turn_paused=TurnPaused(pts_us=400_000)))
    recorder.take(audio("t_1", 1_500_000, tone(0.5).tobytes()))
    assert recorder.close()
    assert read(tmp_path / "a.mp4").durations_s["audio"] == pytest.approx(1.4, abs=0.05)
