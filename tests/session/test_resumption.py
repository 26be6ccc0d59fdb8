"""Handles, numbers and what a stream that resumes is told."""

from __future__ import annotations

import pytest

from tth.session.resumption import MAX_UNRECORDED, Reopening, Resumption

pytestmark = pytest.mark.unit


def sent(resumption: Resumption, *kept: bool) -> None:
    """Number so many messages; those that are no media are kept."""
    for is_kept in kept:
        seq = resumption.next_seq()
        if is_kept:
            resumption.ring.add(seq, str(seq).encode(), 0.0)


def test_a_resume_gets_what_it_missed() -> None:
    """Everything but media behind its number; nothing is missing."""
    resumption = Resumption()
    sent(resumption, True, True, False, True, False)
    found = resumption.reopen(resumption.handle.reveal(), 1)
    assert (resumption.ring.after(found.last_seq), found.gap) == ([b"2", b"4"], False)
    assert resumption.next_seq() == 6


def test_what_the_ring_has_lost_is_a_gap() -> None:
    """And `oldest_replayable_seq` says from where on there is none."""
    resumption = Resumption()
    sent(resumption, *[True] * 600)
    assert resumption.oldest_replayable_seq == 89
    assert not resumption.reopen(resumption.handle.reveal(), 88).gap
    assert resumption.reopen(resumption.handle.reveal(), 87).gap


@pytest.mark.parametrize("last_seq", [4, 2**63 - 1])
def test_a_number_that_was_never_sent_is_a_gap(last_seq: int) -> None:
    """The session goes on with its own numbers."""
    resumption = Resumption()
    sent(resumption, True, True, True)
    found = resumption.reopen(resumption.handle.reveal(), last_seq)
    assert found == Reopening(3, gap=True)
    assert resumption.next_seq() == 4


@pytest.mark.parametrize(("last_seq", "next_seq"), [(7, 8), (2, 4), (2**63 - 1, 4 + MAX_UNRECORDED)])
def test_the_record_of_a_lost_server_may_be_old(last_seq: int, next_seq: int) -> None:
    """Numbers go on above what was recorded and what the client has; that more was lost cannot be excluded."""
    resumption = Resumption()
    sent(resumption, True, True, True)
    resumption.is_uncertain = True
    assert resumption.reopen(resumption.handle.reveal(), last_seq).gap
    assert resumption.next_seq() == next_seq
    assert not resumption.reopen(resumption.handle.reveal(), resumption.last_seq).gap


def test_a_negative_number_is_none() -> None:
    """The client has taken nothing."""
    resumption = Resumption()
    sent(resumption, True)
    assert resumption.reopen(resumption.handle.reveal(), -5) == Reopening(0, gap=False)


def test_handles_are_renewed_and_the_one_shown_stays_good() -> None:
    """Whoever never got the new one comes again with the old one, as often as it takes."""
    resumption = Resumption()
    first = resumption.handle.reveal()
    for _ in range(3):
        assert resumption.admits(first)
        resumption.reopen(first, 0)
    newest = resumption.handle.reveal()
    resumption.reopen(newest, 0)
    assert not resumption.admits(first)
    assert resumption.admits(newest)
    assert resumption.admits(resumption.handle.reveal())
    assert len({first, newest, resumption.handle.reveal()}) == 3


@pytest.mark.parametrize("wrong", ["", "x", "ä", "\ud800"])
def test_a_wrong_handle_is_not_admitted(wrong: str) -> None:
    """Whatever it is; and a handle never prints itself."""
    resumption = Resumption()
    assert not resumption.admits(wrong)
    assert not resumption.admits(resumption.handle_hashes[0])
    assert resumption.handle.reveal() not in repr(resumption.handle) + repr(resumption.handle_hashes)
    assert len(resumption.handle.reveal()) == 32


def test_only_a_stream_that_resumes_can_repeat() -> None:
    """Another one counts from 1, and what is not numbered is no repetition."""
    resumption = Resumption()
    resumption.begin()
    resumption.take(3)
    resumption.take(2)
    assert resumption.taken_client_seq == 3
    assert not resumption.is_repeated(3)
    resumption.reopen(resumption.handle.reveal(), 0)
    assert [resumption.is_repeated(seq) for seq in (0, 1, 3, 4)] == [False, True, True, False]
    resumption.begin()
    assert resumption.taken_client_seq == 0
    assert not resumption.is_repeated(1)


def test_what_changes_something_is_acknowledged_when_it_is_on_record() -> None:
    """So a client sends again what a server took with it; what changes nothing waits for nothing."""
    resumption = Resumption()
    resumption.recorded(0, resumption.numbering)
    resumption.take(1)
    resumption.take(2, changes=False)
    assert resumption.acknowledge() == 0
    resumption.recorded(1, resumption.numbering)
    assert resumption.acknowledge() == 2
    resumption.take(3)
    assert resumption.acknowledge() == 2
    resumption.recorded(None, resumption.numbering)  # nobody writes down now
    assert resumption.acknowledge() == 3
    resumption.take(4)
    resumption.recorded(3, resumption.numbering)
    assert resumption.acknowledge() == 3


def test_where_nobody_writes_down_everything_is_acknowledged_at_once() -> None:
    """There is one server only."""
    resumption = Resumption()
    resumption.take(5)
    assert resumption.acknowledge() == 5


def test_a_record_of_another_numbering_acknowledges_nothing() -> None:
    """It was on its way when the client began to count from 1 again."""
    resumption = Resumption()
    resumption.recorded(0, resumption.numbering)
    old = resumption.numbering
    resumption.take(9)
    resumption.begin()
    resumption.recorded(9, old)
    resumption.take(1)
    assert resumption.acknowledge() == 0
    resumption.recorded(1, resumption.numbering)
    assert resumption.acknowledge() == 1


def test_a_gap_that_may_be_is_told_until_its_client_has_heard_of_it() -> None:
    """The answer of the server that took the session up may be lost, and the next one must not say that all is well."""
    resumption = Resumption()
    resumption.restore(10, 0, resumption.handle_hashes, is_uncertain=True)
    handle = resumption.handle.reveal()
    assert resumption.reopen(handle, 14).gap
    assert resumption.last_seq == 14
    assert resumption.reopen(handle, 14).gap
    state_seq = resumption.next_seq()
    assert not resumption.reopen(handle, state_seq).gap
    assert resumption.reopen(handle, 12).gap  # what that server told up to 14 is not here
