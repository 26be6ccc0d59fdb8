"""The server behind the gateway: one channel, messages as bytes. Tests: tests/gateway/test_converse.py.

Nothing is parsed here: what a client sent is what the server gets, and the other way round.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import grpc
from google.protobuf.message import Message

from tth.client.errors import from_grpc
from tth.config.schema import GatewaySettings
from tth.gateway.refusal import of_rpc

if TYPE_CHECKING:  # grpc's classes are generic in their stubs only
    BytesStream = grpc.aio.StreamStreamCall[bytes, bytes]
    BytesAnswers = grpc.aio.UnaryStreamCall[bytes, bytes]
    BytesMethod = grpc.aio.UnaryStreamMultiCallable[bytes, bytes]
    BytesCall = grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]

SERVICE = "tth.v1.TthService"
LOOKAHEAD_BYTES = 256 * 1024
"""What one conversation may have waiting here for a slow browser; behind it the server's own rules for slow readers
hold, which is where it is known what may be left out."""
MAX_RESPONSE_BYTES = 8 * 1024 * 1024
"""As the server: a raw frame of 1024x1024 with alpha has 4 MiB."""
Metadata = tuple[tuple[str, str], ...]


class Target:
    """A channel to one server. It belongs to the event loop in which it was made; close it."""

    def __init__(self, address: str, settings: GatewaySettings) -> None:
        """address: HOST:PORT, or unix:PATH. Raises OSError when a file of the `target_...` settings cannot be read."""
        options = (
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.keepalive_timeout_ms", 10_000),
            ("grpc.http2.max_pings_without_data", 0),
            ("grpc.http2.bdp_probe", 0),  # else megabytes pile up here that the server takes for sent
            ("grpc.http2.lookahead_bytes", LOOKAHEAD_BYTES),
            ("grpc.max_receive_message_length", MAX_RESPONSE_BYTES),
            ("grpc.max_send_message_length", settings.max_request_bytes),
            ("grpc.initial_reconnect_backoff_ms", 250),
            ("grpc.max_reconnect_backoff_ms", 5_000),
        )
        if settings.target_tls and not address.startswith("unix:"):
            credentials = grpc.ssl_channel_credentials(
                root_certificates=_read("target_ca", settings.target_ca),
                private_key=_read("target_key", settings.target_key),
                certificate_chain=_read("target_cert", settings.target_cert),
            )
            self._channel = grpc.aio.secure_channel(address, credentials, options=options)
        else:
            self._channel = grpc.aio.insecure_channel(address, options=options)

    async def close(self) -> None:
        """Every call must have ended: closing a channel under a running read leaks its connection."""
        await self._channel.close()

    def converse(self, metadata: Metadata) -> BytesStream:
        """A conversation's stream, requests and responses serialized."""
        return self._channel.stream_stream(f"/{SERVICE}/Converse")(metadata=metadata)

    def answers(self, method: str, request: Message, deadline_s: float, metadata: Metadata) -> BytesAnswers:
        """A call with a stream of answers, serialized."""
        call: BytesMethod = self._channel.unary_stream(f"/{SERVICE}/{method}")
        return call(request.SerializeToString(), timeout=deadline_s, metadata=metadata)

    async def ask(self, method: str, request: Message, deadline_s: float, metadata: Metadata) -> bytes:
        """A call with one answer, serialized. Raises Refusal."""
        call: BytesCall = self._channel.unary_unary(f"/{SERVICE}/{method}")
        try:
            return bytes(await call(request.SerializeToString(), timeout=deadline_s, metadata=metadata))
        except grpc.aio.AioRpcError as error:
            raise of_rpc(from_grpc(error)) from None


def _read(setting: str, path: Path | None) -> bytes | None:
    try:
        return None if path is None else path.read_bytes()
    except OSError as error:
        raise OSError(f"gateway.{setting}: cannot read {path}: {error.strerror}") from None
