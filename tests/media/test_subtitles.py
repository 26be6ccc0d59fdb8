"""Words become cues that can be read."""

from __future__ import annotations

import itertools
from tempfile import NamedTemporaryFile

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.media.subtitles import MAX_CUE_LETTERS, MAX_CUE_MS, Cue, SpokenWord, cues, webvtt

pytestmark = pytest.mark.unit


def spoken(text: str, group: str = "t_1", speaker: str = "", start_ms: float = 0.0) -> list[SpokenWord]:
    return [
        SpokenWord(word, start_ms + 300 * index, start_ms + 300 * index + 250, group, speaker)
        for index, word in enumerate(text.split())
    ]


def test_sentences_are_cues() -> None:
    """Each is shown from its first word to a little after its last."""
    assert cues(spoken("Hello there. How are you?")) == [
        Cue(0, 600, "Hello there."),
        Cue(600, 1450 + 400, "How are you?"),
    ]


def test_turns_and_speakers_never_share_a_cue() -> None:
    """Even when one follows the other at once."""
    words = [*spoken("yes", "t_1"), *spoken("no", "t_2", start_ms=300), *spoken("hm", "t_2", "Ada", start_ms=600)]
    assert [cue.text for cue in cues(words)] == ["yes", "no", "hm"]


def test_a_word_that_was_cut_off_does_not_cover_the_next_turn() -> None:
    """One cue at a time."""
    first, second = cues([SpokenWord("interrupted", 0, 900, "t_1"), SpokenWord("Yes?", 500, 800, "t_2")])
    assert (first.end_ms, second.start_ms) == (500, 500)


def test_a_pause_ends_a_cue() -> None:
    """And the cue does not stay through the pause."""
    first, second = cues([*spoken("wait for it"), *spoken("now", start_ms=5000)])
    assert (first.text, second.text) == ("wait for it", "now")
    assert first.end_ms == 850 + 400


def test_a_long_sentence_breaks_at_a_comma() -> None:
    """When the line is full, not before."""
    long, rest = cues(spoken("If the weather stays as it was yesterday, we may go out, you and I"))
    assert long.text.endswith("yesterday,")
    assert rest.text == "we may go out, you and I"


def test_chinese_is_joined_without_spaces_and_counted_wide() -> None:
    """The eye needs as long for one of its letters as for two of ours."""
    letters = [SpokenWord("你好吗啊"[i % 4], 100.0 * i, 100.0 * i + 90, "t", joined=True) for i in range(60)]
    assert all(len(cue.text) <= MAX_CUE_LETTERS // 2 and " " not in cue.text for cue in cues(letters))


words_lists = st.lists(
    st.tuples(
        st.text(st.characters(codec="utf-8", categories=["L", "P"]), min_size=1, max_size=20),
        st.integers(0, 2000),
        st.integers(1, 1500),
    ),
    max_size=60,
)


@given(words_lists)
def test_no_word_is_lost_and_cues_never_overlap(raw: list[tuple[str, int, int]]) -> None:
    """Whatever the words are: in order, within limits, one cue at a time."""
    words, now = [], 0
    for text, gap_ms, length_ms in raw:
        now += gap_ms
        words.append(SpokenWord(text, now, now + length_ms))
        now += length_ms
    result = cues(words)
    assert " ".join(cue.text for cue in result) == " ".join(word.text for word in words)
    for cue in result:
        assert cue.end_ms > cue.start_ms
        assert " " not in cue.text or cue.end_ms - cue.start_ms <= MAX_CUE_MS + 400
    for before, after in itertools.pairwise(result):
        assert before.end_ms <= after.start_ms


def test_the_file_is_read_by_a_real_parser() -> None:
    """FFmpeg finds the same cues, with a text that looks like mark-up left as text."""
    items = [Cue(0, 1500, "a < b & c --> d", "Ada"), Cue(3_661_001, 3_662_000, "much later")]
    with NamedTemporaryFile(suffix=".vtt") as file:
        file.write(webvtt(items).encode())
        file.flush()
        with av.open(file.name) as container:
            packets = [packet for packet in container.demux() if packet.size]
    assert [(packet.pts, packet.duration) for packet in packets] == [(0, 1500), (3_661_001, 999)]
    assert bytes(packets[0]) == b"<v Ada>a &lt; b &amp; c --&gt; d"


def test_long_cues_have_two_lines() -> None:
    """Of about the same length."""
    text = webvtt([Cue(0, 1, "one two three four five six seven eight nine ten eleven twelve")])
    first, second = text.strip().split("\n")[-2:]
    assert abs(len(first) - len(second)) < 16
