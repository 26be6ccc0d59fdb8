"""The Python client of TTH: text and controls in, a person who speaks out.

    import asyncio
    from tth.client import TthClient, controls

    async def main() -> None:
        async with TthClient("localhost:50051") as client:
            session = await client.create_session(controls(emotion="happy"))
            async with client.converse(session.session_id) as conversation:
                turn_id = await conversation.say("Hello! Who are you?")
                async for event in conversation.events_of(turn_id):
                    if event.WhichOneof("payload") == "text_delta":
                        print(event.text_delta.text, end="", flush=True)

    asyncio.run(main())

`tth.client.sync` is the same for programs without an event loop. `tth.client.recorder` writes what comes into an MP4
file; it is not imported here because it loads the codecs.
"""

from tth.client.client import TthClient
from tth.client.conversation import Conversation
from tth.client.errors import TthRpcError, Violation
from tth.client.idle_loop import IdleLoop
from tth.client.line import LineState, ResumePoint
from tth.client.options import controls, media
from tth.client.playback import PlaybackClock

__all__ = [
    "Conversation",
    "IdleLoop",
    "LineState",
    "PlaybackClock",
    "ResumePoint",
    "TthClient",
    "TthRpcError",
    "Violation",
    "controls",
    "media",
]
