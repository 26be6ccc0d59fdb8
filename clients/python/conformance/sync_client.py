"""The conformance cases with the package's client for programs without an event loop, `tth.client.sync`."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import blocking
from async_client import recorder_film
from cases import UNKNOWN_SESSION

from tth.client import TthRpcError
from tth.client.sync import SyncClient, SyncConversation


def _talk(client: SyncClient, session: Any) -> SyncConversation:
    return client.converse(session if session == UNKNOWN_SESSION else session.session_id)


def _leave(conversation: SyncConversation) -> Any:
    conversation.close(drain_s=0)  # cancels the call: no half-close
    return conversation.resume_point


LIBRARY = blocking.Library(
    connect=partial(SyncClient, connect_timeout_s=3.0),
    talk=_talk,
    leave=_leave,
    talk_on=lambda client, point: client.converse(resume=point),
    stale_count=lambda conversation: conversation.stale_count,
    connection_count=lambda conversation: 1 + conversation.resumed_count,
    film=recorder_film,
    failure=TthRpcError,
    fields=lambda error: [item.field for item in error.violations],
)

if __name__ == "__main__":
    sys.exit(blocking.run(LIBRARY))
