"""Saves this server's sessions where another one finds them, and takes up those of servers that are gone.

Saving is a task per session that writes the latest state and nothing older: at every change, and once a second while
a turn runs. What tells how a session has changed waits for its record, a tenth of a second at most; everything else,
and all of it while the store is gone, goes on in memory. That is logged once when it begins and once when it ends,
and Health tells it. Tests: tests/session/test_keeper.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from tth.adapters.base import Health
from tth.errors import SessionNotFound, StoreDown, TakenOver
from tth.model.ids import SessionId, log_name
from tth.session.conversation import Conversation
from tth.session.record import snapshot_of
from tth.session.snapshot import Snapshot, SnapshotUnreadable, read_snapshot
from tth.session.snapshot_store import FIRST_EPOCH, Kept, SessionStore, StoreUnavailable, Writing

log = logging.getLogger(__name__)

T = TypeVar("T")

CHECKPOINT_S = 1.0
"""How old the record of a running turn may be."""
RENEW_S = 5.0
"""How often a session that does not change is renewed; so a server that was superseded knows it after this long."""
SPACING_S = 0.1
"""The least time between two writes of one session."""
RETRY_S = 1.0
"""After a write that did not arrive."""
FLUSH_S = 1.0
"""For the last writes of a server that stops."""
AHEAD_S = 0.1
"""How long what says that a session has changed waits for the record of it; a store nearby answers in a millisecond."""
CLAIM_TRIES = 3
"""Another server may be quicker once, not three times."""


@dataclass(slots=True, eq=False)
class _Keeping:
    """One session that is kept."""

    conversation: Conversation
    epoch: int
    has_changed: asyncio.Event = field(default_factory=asyncio.Event)
    is_awaited: asyncio.Event = field(default_factory=asyncio.Event)
    """Somebody waits for a record."""
    was_tried: asyncio.Event = field(default_factory=asyncio.Event)
    asked_count: int = 0
    """How often somebody has asked for a record, and up to which of them there is one."""
    done_count: int = 0
    task: asyncio.Task[None] | None = None
    is_superseded: bool = False


class Keeper:
    """One server's. `run` while the server lives; `keep`, `forget` and `take_up` from the same event loop."""

    def __init__(
        self,
        store: SessionStore,
        ttl_s: Callable[[Conversation], float],
        on_superseded: Callable[[Conversation], None],
    ) -> None:
        """ttl_s: how long a session would live on if this server died now. on_superseded: another server has it."""
        self._store = store
        self._ttl_s = ttl_s
        self._on_superseded = on_superseded
        self._kept: dict[SessionId, _Keeping] = {}
        self._group: asyncio.TaskGroup | None = None
        self._failure: str | None = None

    @property
    def component(self) -> str:
        """Its name in Health."""
        return f"store/{self._store.name}"

    @property
    def health(self) -> Health:
        """As the last call found the store."""
        if self._failure is None:
            return Health(ok=True)
        return Health(ok=False, detail=f"{self._failure}; sessions go on in this server's memory")

    async def run(self) -> None:
        """Save until cancelled; then once more, all of it, within a second, and let go of the store."""
        try:
            async with asyncio.TaskGroup() as self._group:
                await self._probe()
                for keeping in self._kept.values():
                    self._start(keeping)
                await asyncio.Event().wait()
        finally:
            self._group = None
            await self._flush()
            await self._store.aclose()

    # ---- sessions of this server

    def keep(self, conversation: Conversation, epoch: int = FIRST_EPOCH) -> None:
        """Save this session from now on. epoch: of the claim by which it was taken up."""
        keeping = _Keeping(conversation, epoch)
        self._kept[conversation.session_id] = keeping
        resumption = conversation.resumption
        resumption.recorded(resumption.taken_client_seq, resumption.numbering)
        conversation.on_change = keeping.has_changed.set
        conversation.handover.on_record = lambda: self._on_record(keeping)
        keeping.has_changed.set()
        self._start(keeping)

    async def forget(self, conversation: Conversation) -> None:
        """The session is over: nobody shall find it any more. Idempotent, and bounded in time."""
        session_id = conversation.session_id
        keeping = self._kept.get(session_id)
        if keeping is None or keeping.conversation is not conversation:
            return
        del self._kept[session_id]
        if keeping.is_superseded:
            return
        if keeping.task is not None:
            keeping.task.cancel()
        await self._tried(self._store.delete(session_id, keeping.epoch))

    async def is_ours(self, conversation: Conversation) -> bool:
        """No other server has taken this session over, as far as anybody can tell now."""
        keeping = self._kept.get(conversation.session_id)
        if keeping is None:
            return False
        await self._write(keeping, has_changed=False)
        return not keeping.is_superseded

    # ---- sessions of others

    async def take_up(
        self, session_id: str, check: Callable[[Snapshot], None], build: Callable[[Snapshot], Conversation]
    ) -> Conversation:
        """A session that another server kept, claimed for this one, as it was written down last.

        check: does whoever asks have a right to it? build: the session of a snapshot. Either may raise, and nothing is
        claimed before both have succeeded. Raises SessionNotFound, StoreDown, and what those raise.
        """
        for _ in range(CLAIM_TRIES):
            try:
                kept = await self._told(self._store.load(session_id))
                if kept is None:
                    break
                snapshot = read_snapshot(kept.data)
                check(snapshot)
                conversation = await self._claim(build(snapshot), kept, build)
                if conversation is not None:
                    if (stale := self._kept.pop(conversation.session_id, None)) is not None:
                        self._superseded(stale)
                    self.keep(conversation, kept.epoch + 1)
                    log.info("session taken up", extra={"session": log_name(session_id), "epoch": kept.epoch + 1})
                    return conversation
            except SnapshotUnreadable as error:
                log.warning("session cannot be taken up", extra={"session": log_name(session_id), "why": str(error)})
                break
            except StoreUnavailable:
                raise StoreDown("the sessions of other servers cannot be looked up now", retry_after_ms=1000) from None
        raise SessionNotFound

    async def _claim(
        self, conversation: Conversation, kept: Kept, build: Callable[[Snapshot], Conversation]
    ) -> Conversation | None:
        """The session, as it is kept now; None when another server was quicker. Whatever else happens, one that is not
        the one is closed."""
        data: bytes | None = None
        try:
            data = await self._told(self._store.claim(conversation.session_id, kept.epoch))
        finally:
            if data != kept.data:
                await conversation.aclose()
        if data is None or data == kept.data:
            return None if data is None else conversation
        return build(read_snapshot(data))  # the first server has written since it was loaded

    # ---- saving

    async def _on_record(self, keeping: _Keeping) -> None:
        """Wait until the session as it is now is written down; for a moment, and not at all while the store is gone."""
        keeping.asked_count += 1
        number = keeping.asked_count
        keeping.has_changed.set()
        keeping.is_awaited.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(AHEAD_S):
                while self._is_written_soon(keeping) and keeping.done_count < number:
                    keeping.was_tried.clear()
                    await keeping.was_tried.wait()

    def _is_written_soon(self, keeping: _Keeping) -> bool:
        return self._failure is None and self._group is not None and not keeping.is_superseded

    def _start(self, keeping: _Keeping) -> None:
        if self._group is not None and keeping.task is None:
            keeping.task = self._group.create_task(self._save_on(keeping), name="keeper of a session")

    async def _save_on(self, keeping: _Keeping) -> None:
        """Until another server has the session; then give back what it holds here."""
        while not keeping.is_superseded:
            is_running = keeping.conversation.state != "idle"
            with suppress(TimeoutError):
                async with asyncio.timeout(CHECKPOINT_S if is_running else RENEW_S):
                    await keeping.has_changed.wait()
            if not keeping.is_superseded:
                is_done = await self._write(keeping, has_changed=is_running or keeping.has_changed.is_set())
                keeping.was_tried.set()
                await self._rest(keeping, is_done=is_done)
        await keeping.conversation.aclose()

    async def _rest(self, keeping: _Keeping, *, is_done: bool) -> None:
        """Between two writes; who waits for the next one need not."""
        if not is_done:
            await asyncio.sleep(RETRY_S)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(SPACING_S):
                await keeping.is_awaited.wait()

    async def _write(self, keeping: _Keeping, *, has_changed: bool) -> bool:
        """The latest state, or only that it lives on. False when it did not arrive."""
        conversation, epoch = keeping.conversation, keeping.epoch
        ttl_s = self._ttl_s(conversation)
        if has_changed:
            written = await self._save(keeping, ttl_s)
        else:
            written = await self._tried(self._store.renew(conversation.session_id, epoch, ttl_s))
        if written is Writing.SUPERSEDED:
            self._superseded(keeping)
        elif written is not Writing.DONE:
            keeping.has_changed.set()  # all of it, next time
        return written is not None

    async def _save(self, keeping: _Keeping, ttl_s: float) -> Writing | None:
        conversation, resumption = keeping.conversation, keeping.conversation.resumption
        keeping.has_changed.clear()
        keeping.is_awaited.clear()
        asked_count, client_seq, numbering = keeping.asked_count, resumption.taken_client_seq, resumption.numbering
        data = snapshot_of(conversation).to_json()
        written = await self._tried(self._store.save(conversation.session_id, keeping.epoch, data, ttl_s))
        if written is Writing.DONE:
            keeping.done_count = asked_count
        resumption.recorded(client_seq if written is Writing.DONE else None, numbering)
        return written

    def _superseded(self, keeping: _Keeping) -> None:
        if keeping.is_superseded:
            return
        conversation = keeping.conversation
        keeping.is_superseded = True
        keeping.has_changed.set()
        log.info("session taken over by another server", extra={"session": log_name(conversation.session_id)})
        conversation.lose(TakenOver())  # whatever it has still to say, its client is the other server's
        self._on_superseded(conversation)

    async def _flush(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_S), asyncio.TaskGroup() as group:
                for keeping in self._kept.values():
                    if not keeping.is_superseded:
                        group.create_task(self._write(keeping, has_changed=True))

    # ---- how the store is

    async def _probe(self) -> None:
        await self._tried(self._store.ping())

    async def _tried(self, call: Coroutine[object, object, T]) -> T | None:
        """Its answer; None when there was none."""
        try:
            return await self._told(call)
        except StoreUnavailable:
            return None

    async def _told(self, call: Coroutine[object, object, T]) -> T:
        """Its answer, noted as a sign of life. Raises StoreUnavailable, noted as well."""
        try:
            answer = await call
        except StoreUnavailable as error:
            self._note(str(error))
            raise
        self._note(None)
        return answer

    def _note(self, failure: str | None) -> None:
        was_down, self._failure = self._failure is not None, failure
        if failure is not None and not was_down:
            log.warning(
                "store of sessions is gone; they go on in memory", extra={"store": self.component, "why": failure}
            )
        elif failure is None and was_down:
            log.warning("store of sessions is back", extra={"store": self.component})
