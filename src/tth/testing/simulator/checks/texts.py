"""A turn's text, and its words in the sound."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tth.model.media import us_to_samples
from tth.testing.simulator.checks.pauses import pieces_of
from tth.testing.simulator.checks.sound import start_of
from tth.testing.simulator.packets import pcm_of
from tth.testing.simulator.recording import Got, Recording, Sent
from tth.testing.simulator.world import World


def text_of(events: list[Got]) -> str:
    """What the deltas of a turn say together."""
    return "".join(one.body.text for one in events if one.kind == "text_delta")


def whole(recording: Recording, world: World) -> Iterator[str]:
    """Offsets count code points; the last delta is marked; `turn_complete` repeats the whole."""
    for turn_id, events in recording.known_turns.items():
        if events[0].kind != "turn_started":
            continue
        length, is_over = 0, False
        for one in events:
            if one.kind != "text_delta":
                continue
            if one.body.offset != length:
                yield f"{turn_id}: offset {one.body.offset} after {length} code points"
            if is_over:
                yield f"{turn_id}: text behind the last delta"
            length += len(one.body.text)
            is_over = one.body.last
        if events[-1].kind == "turn_complete":
            if not is_over:
                yield f"{turn_id}: no delta is the last"
            if events[-1].body.text != text_of(events):
                yield f"{turn_id}: turn_complete has another text than the deltas"
        elif events[-1].kind == "turn_stopped":
            told, heard = text_of(events), events[-1].body.heard_text
            if world.realtime and not recording.is_prompt(events[-1]) and heard.startswith(told):
                told = recording.cast.replies.get(turn_id, told)  # which may come behind its sound, and wait longer
            if not told.startswith(heard):
                yield f"{turn_id}: what was heard is no beginning of the text"


def asked_for(recording: Recording, world: World) -> Iterator[str]:
    """SAY speaks what the client sent, TALK what the model wrote."""
    if recording.holes or recording.is_end_unknown:
        return  # which of the texts were refused is not known
    sent = [one for one in recording.sent if one.kind == "user_text"]
    refused = {at for at, one in enumerate(sent) if _name_of(recording, one) in recording.refused}
    texts = [one for at, one in enumerate(sent) if recording.forks or at not in refused]
    if not recording.forks:
        refused = set()  # else the second server may refuse what the first one had taken
    asked = {one.turn_id: one.question for one in recording.cast.asked}
    begun = -1  # at which of the texts the turn before began: none is used twice, in whichever stream it was sent
    turns = [events for events in recording.of_turn.values() if events[0].kind == "turn_started"]
    for events in sorted(turns, key=lambda events: int(events[0].body.turn_index)):
        turn_id = events[0].turn_id
        text, is_whole = text_of(events), events[-1].kind == "turn_complete" and turn_id in recording.known_turns
        if turn_id in asked:
            reply = recording.cast.replies[turn_id]
            if not reply.startswith(text) or (is_whole and reply != text):
                yield f"{turn_id}: the text is not what the model wrote"
            text, is_whole = asked[turn_id], True
        if text:
            places = [place for place, one in enumerate(texts) if one.turn_id in ("", turn_id)]
            found = [place for place in places if _begins_run(texts, places, place, text, refused, whole=is_whole)]
            later = [place for place in found if place > begun]
            if not later:
                yield f"{turn_id}: its text is not what was sent" + (", or was used before" if found else "")
            begun = later[0] if later else begun


def _name_of(recording: Recording, one: Sent) -> tuple[int, int]:
    return recording.streams[one.stream].numbering, one.client_seq


def _begins_run(
    texts: list[Sent], places: list[int], first: int, text: str, may_miss: set[int], *, whole: bool
) -> bool:
    """The text is made of messages that follow each other, from this one on; or is the beginning of such a run.
    may_miss: places that may be passed over."""
    at = 0
    for place in places[places.index(first) :]:
        left, part = text[at:], texts[place].text
        if place in may_miss and not left.startswith(part) and not part.startswith(left):
            continue
        if not left.startswith(part):
            return not whole and part.startswith(left)
        at += len(part)
        if at == len(text):
            return True
    return False


def words_in_sound(recording: Recording, world: World) -> Iterator[str]:
    """A word's time lies in sound that came before it, in the samples that the voice made for it; its offset is where
    it stands in the text."""
    for turn_id, events in recording.known_turns.items():
        if events[0].kind != "turn_started" or not any(one.kind == "word_timing" for one in events):
            continue
        text = text_of(events)
        chunks: list[Got] = []
        told: set[int] = set()
        for one in events:
            if one.kind == "audio_chunk":
                chunks.append(one)
            elif one.kind == "word_timing":
                word = one.body
                again = word.offset in told
                told.add(word.offset)
                if text[word.offset : word.offset + len(word.word)] != word.word:
                    yield f"{turn_id}: a word is not at offset {word.offset}"
                yield from _word_sound(recording, turn_id, one, chunks, again=again)


def _word_sound(recording: Recording, turn_id: str, one: Got, chunks: list[Got], *, again: bool) -> Iterator[str]:
    """again: the word was told before a pause; its rest comes now. So does that of a word whose sound had come in part,
    and whose time had waited for a slow reader when the turn was held."""
    begin = start_of(one)
    home = next((c for c in reversed(chunks) if start_of(c) <= begin < start_of(c) + c.body.sample_count), None)
    if home is None:
        if not one.is_again:  # else its sound may have waited with it, and never come again
            yield f"{turn_id}: a word at {begin}, where no sound has come"
        return
    number = int(pcm_of(home.body)[begin - start_of(home)])
    said = recording.cast.words[number]
    if said.text != one.body.word:
        yield f"{turn_id}: at {begin} another word is heard than is told"
    told = us_to_samples(one.body.duration_us)
    is_rest = again or any(start_of(c) < begin and number in pcm_of(c.body) for c in chunks)
    if told != said.sample_count and not (is_rest and said.sample_count / 2 - 1 <= told < said.sample_count):
        yield f"{turn_id}: a word of {said.sample_count} samples is told to last {one.body.duration_us} us"


def heard_words(recording: Recording, events: list[Got], until_sample: int, until_s: float | None = None) -> int:
    """How many of the turn's words were heard, more than half of each, by somebody who played the sound that had come
    by `until_s` as far as `until_sample`."""
    counts = np.zeros(len(recording.cast.words), np.int64)
    for piece in pieces_of(events):
        if until_s is not None and piece.chunk.at_s > until_s:
            break
        played = min(len(piece.pcm), until_sample - piece.start)
        if played > 0 and not piece.chunk.body.last:
            counts += np.bincount(piece.pcm[:played], minlength=len(counts))
    said = recording.cast.sounds.get(events[0].turn_id)
    return sum(counts[word.number] > word.sample_count / 2 for word in said.words) if said is not None else 0


def word_ends(recording: Recording, turn_id: str, text: str) -> list[int]:
    """Where each spoken word of the turn ends in its text."""
    said = recording.cast.sounds.get(turn_id)
    if said is None:
        return []
    starts: list[int] = []
    at = 0
    for clause in said.clauses:
        found = text.find(clause, at)
        if found < 0:  # a realtime model's text may come behind its sound: only the beginning is known
            left = text[at:].lstrip()
            if clause.startswith(left):
                starts.append(len(text) - len(left))
            break
        starts.append(found)
        at = found + len(clause)
    return [starts[w.clause_index] + w.offset + len(w.text) for w in said.words if w.clause_index < len(starts)]
