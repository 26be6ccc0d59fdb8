"""One question and its answer on a connection: what is sent, what is refused, and how it ends.

Update, question and request go out together, so that a turn costs one round trip. The provider keeps their order: if it
refuses the update, the answer that follows is not the one that was asked for. It is cancelled before anything of it is
given out, and asked for again without the field that was refused, where a conversation can do without it.
Tests: tests/adapters/realtime/test_openai_realtime.py.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from typing import Any

from tth.adapters.base import RealtimeOutput, Used
from tth.adapters.provider_socket import SocketProvider
from tth.adapters.realtime.openai_realtime_fields import OPTIONAL, difference, refused_path, without
from tth.adapters.realtime.openai_realtime_memory import TELL, ClientEvent
from tth.adapters.realtime.openai_realtime_reply import Reply
from tth.errors import (
    AdapterError,
    AdapterProtocolError,
    AdapterRateLimited,
    AdapterRejected,
    AdapterUnavailable,
    ContentRefused,
)

log = logging.getLogger(__name__)

UPDATE, CREATE = "update:", "create:"
"""How the ids of our events begin: an error names the event that it is about."""
VOICE = "audio.output.voice"
_FIELD = re.compile(r"[a-z_.]{1,64}")


class Exchange:
    """One turn's. Fed by the connection's reader, read by the turn."""

    def __init__(
        self,
        provider: SocketProvider,
        post: Callable[[ClientEvent], None],
        turn_id: str,
        applied: dict[str, Any],
        refused: set[str],
        count: Callable[[Mapping[str, Any]], Used],
    ) -> None:
        """applied: the session's fields as they are, refused: those that the provider does not take; both are kept up
        to date. count: from a response's usage."""
        self.reply = Reply(turn_id)
        self._provider = provider
        self._post = post
        self._applied = applied
        self._refused = refused
        self._count = count
        self._wanted: Mapping[str, Any] = {}
        self._outputs: asyncio.Queue[RealtimeOutput | AdapterError | None] = asyncio.Queue()
        self._sent: dict[str, Any] | None = None  # an update that is not answered yet
        self._is_void = False  # the response that is on its way is not the one that was asked for
        self._is_cancelled = False
        self._number = 0
        self._reset_ms: int | None = None
        self.is_over = asyncio.Event()
        """Nothing of the response comes any more: the next one may be asked for."""

    def start(self, wanted: Mapping[str, Any], messages: Iterable[ClientEvent]) -> None:
        """Ask. wanted: every field of the session as it shall be; messages: what is said before the answer."""
        self._wanted = wanted
        self._update()
        for message in messages:
            self._post(message)
        self._create()

    async def outputs(self) -> AsyncGenerator[RealtimeOutput, None]:
        """The answer. Raises AdapterError."""
        while (output := await self._outputs.get()) is not None:
            if isinstance(output, AdapterError):
                raise output
            yield output

    def cancel(self) -> None:
        """Nobody wants the rest; the provider stops. Nothing happens where it has ended."""
        if self.is_over.is_set() or self._is_cancelled:
            return
        self._is_cancelled = True
        named = {"response_id": self.reply.response_id} if self.reply.response_id else {}
        self._post({"type": "response.cancel", "event_id": "cancel", **named})

    def lose(self, error: AdapterError) -> None:
        """The connection is gone."""
        self._outputs.put_nowait(error)
        self.is_over.set()

    def _fail(self, error: AdapterError) -> None:
        """The turn is lost; its response still has to end before there can be another one."""
        self.cancel()
        self._outputs.put_nowait(error)

    # ---- what comes

    def take(self, event: Mapping[str, Any]) -> None:
        """An event of the connection."""
        match event.get("type"):
            case "session.updated":
                if self._sent is not None:
                    self._applied.update(without(self._wanted, self._refused))
                self._sent = None
            case "error":
                self._take_error(event.get("error") or {})
            case "rate_limits.updated":
                self._note_limits(event.get("rate_limits") or ())
            case "response.created":
                self._begin(_response(event))
            case "response.done":
                self._finish(_response(event))
            case _:
                self._take_piece(event)

    def _take_piece(self, event: Mapping[str, Any]) -> None:
        if self._is_void or self.reply.response_id is None or event.get("response_id") != self.reply.response_id:
            return  # of an older response, or of one that nobody asked for
        try:
            output = self.reply.take(event)
        except ValueError as wrong:
            self._fail(self._provider.error(AdapterProtocolError, f"sent {wrong}"))
            return
        if output is not None and not self._is_cancelled:
            self._outputs.put_nowait(output)

    def _begin(self, response: Mapping[str, Any]) -> None:
        if self.reply.response_id is not None or self.is_over.is_set():
            return
        self.reply.response_id = str(response.get("id"))
        if self._sent is not None and not self._is_void:
            self._doubt(None, "")  # the update's answer would have come before
        if self._is_cancelled:
            self._is_cancelled = False
            self.cancel()  # by its id, in case it was not there yet when it was cancelled without

    def _finish(self, response: Mapping[str, Any]) -> None:
        if self.reply.response_id is None or response.get("id") != self.reply.response_id:
            return
        if isinstance(response.get("usage"), dict):
            self._outputs.put_nowait(self._count(response["usage"]))
        if response.get("status") != "completed" or self._is_void:
            self._forget_unheard(response)
        if self._is_void and not self._is_cancelled:
            self._is_void, self.reply.response_id = False, None
            self._update()
            self._create()
            return
        error = self._error_of(response)
        if error is not None:
            self._outputs.put_nowait(error)
        self._outputs.put_nowait(None)
        self.is_over.set()

    def _forget_unheard(self, response: Mapping[str, Any]) -> None:
        """Messages that were begun, and of which nothing was taken."""
        known = {item.item_id for item in self.reply.items}
        for item in response.get("output") or ():
            if (item_id := item.get("id")) not in known:
                self._post({"type": "conversation.item.delete", "event_id": f"delete:{item_id}", "item_id": item_id})

    def _error_of(self, response: Mapping[str, Any]) -> AdapterError | None:
        details = response.get("status_details") or {}
        match response.get("status"):
            case "failed":
                return self._told(details.get("error") or {})
            case "incomplete" if details.get("reason") == "content_filter":
                return self._provider.error(ContentRefused, "the provider's filter cut the answer off")
            case "cancelled" if not self._is_cancelled:
                return self._provider.error(AdapterUnavailable, "the provider cancelled the answer")
            case _ if not self.reply.items and not self._is_cancelled:
                return self._provider.error(AdapterUnavailable, "the answer was empty")
            case _:
                return None

    def _told(self, error: Mapping[str, Any]) -> AdapterError:
        names = [name for name in (error.get("code"), error.get("type")) if isinstance(name, str)]
        told = self._provider.told(*names)
        if isinstance(told, AdapterRateLimited):
            told.retry_after_ms = self._reset_ms
        return told

    def _take_error(self, error: Mapping[str, Any]) -> None:
        event_id, param = str(error.get("event_id") or ""), error.get("param")
        is_nameless = not event_id and self._sent is not None and str(param).startswith("session.")
        if event_id.startswith(UPDATE) or is_nameless:
            self._doubt(param if isinstance(param, str) else None, str(error.get("code") or ""))
        elif event_id.startswith((CREATE, TELL)):
            self._fail(self._told(error))
        # Others are about truncating, deleting and cancelling, where coming too late is no harm, or are followed by the
        # end of the connection.

    def _doubt(self, param: str | None, code: str) -> None:
        """The whole update was discarded, for this field or for one that is not named."""
        path = VOICE if code == "cannot_update_voice" else refused_path(param)
        paths = {path} if path else set(OPTIONAL)
        if self._sent is None or not paths <= set(OPTIONAL) or paths <= self._refused:
            named = path if _FIELD.fullmatch(path) else "update"
            what = f"the provider refused session.{named}" + (f" ({code})" if _FIELD.fullmatch(code) else "")
            self._is_void, self._sent = True, None
            self._fail(self._provider.error(AdapterRejected, what))
            return
        self._refused |= paths
        log.warning(
            "%s: goes on without session fields that the provider refused: %s",
            self._provider.source.adapter,
            ", ".join(sorted(paths)),
        )
        self._is_void, self._sent = True, None
        self._post({"type": "response.cancel", "event_id": "cancel"})

    def _note_limits(self, limits: Iterable[Mapping[str, Any]]) -> None:
        waits_s = [limit.get("reset_seconds") for limit in limits if limit.get("remaining") == 0]
        waits_ms = [round(wait_s * 1000) for wait_s in waits_s if isinstance(wait_s, int | float)]
        self._reset_ms = max(waits_ms, default=None)

    # ---- what is sent

    def _update(self) -> None:
        changes = difference(without(self._wanted, self._refused), self._applied)
        if not changes:
            return
        self._sent = changes
        self._number += 1
        session = {"type": "realtime", **changes}
        self._post({"type": "session.update", "event_id": f"{UPDATE}{self._number}", "session": session})

    def _create(self) -> None:
        self._post({"type": "response.create", "event_id": f"{CREATE}{self.reply.turn_id}"})


def _response(event: Mapping[str, Any]) -> Mapping[str, Any]:
    response = event.get("response")
    return response if isinstance(response, dict) else {}
