"""How servers that speak OpenAI's chat completions differ from OpenAI, read in their sources in autumn 2026."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one server does differently."""

    is_strict: bool = True
    """Refuses what it does not know: fields and models."""
    reasoning_field: str = ""
    """Where it thinks aloud before it answers; "" = it does not."""
    thinks_in_content: bool = False
    """Thinks aloud between <think> and </think> in the text itself."""
    null_content: bool = False
    """The first chunk has `content: null`, as every chunk of reasoning has."""
    content_in_finish: bool = False
    """The last word comes with the finish reason."""
    usage_on_every_chunk: bool = False
    sends_usage: bool = True
    comments: bool = False
    """Comments between events, to keep connections alive."""
    ends_with_done: bool = True
    last_blank_line: bool = True
    crlf: bool = False
    ignores_stream: bool = False
    """Answers with one JSON object."""
    error_code: str | int | None = None
    """`code` of an error within a stream."""
    swallows_errors: bool = False
    """An error within a stream is an empty chunk, and then the stream is over."""
    empty_first_chunk: bool = False
    """A first chunk without choices, as Azure sends it, and null for a delta."""


OPENAI = Dialect()
VLLM = Dialect(is_strict=False, reasoning_field="reasoning", content_in_finish=True, error_code=500)
OLLAMA = Dialect(is_strict=False, reasoning_field="reasoning", swallows_errors=True)
LLAMA_CPP = Dialect(
    is_strict=False,
    reasoning_field="reasoning_content",
    null_content=True,
    comments=True,
    last_blank_line=False,
    error_code=500,
)
LITELLM = Dialect(is_strict=False, reasoning_field="reasoning_content", comments=True, error_code="500")
GATEWAY = Dialect(
    is_strict=False,
    thinks_in_content=True,
    empty_first_chunk=True,
    usage_on_every_chunk=True,
    ends_with_done=False,
    crlf=True,
)
"""What gateways in between were seen to do."""
PLAIN = Dialect(is_strict=False, ignores_stream=True, sends_usage=False)
"""A server that does not stream."""
