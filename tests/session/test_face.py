"""One conversation's faces: who has one, who waits for it, when it is given back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from tests.session.scene import PERSONAS
from tth.adapters.base import AvatarInput, AvatarSession, Persona, SessionContext, TurnContext
from tth.errors import AdapterRejected
from tth.model.controls import Controls
from tth.model.media import DrawnFrame
from tth.session.face import MAX_FACES, Face
from tth.testing.scripted import ScriptedAvatar

pytestmark = pytest.mark.unit

CONTEXT = SessionContext("s_test")


def persona(name: str):  # type: ignore[no-untyped-def]
    return PERSONAS[name].persona


async def for_ever() -> None:
    await asyncio.get_running_loop().create_future()


def test_one_face_for_each_look() -> None:
    """Asked twice it is the same one; without an avatar there is none."""
    avatar = ScriptedAvatar()
    face = Face(avatar, CONTEXT, draw=True)
    assert face.of(persona("a")) is face.of(persona("a"))
    assert face.of(persona("a")) is not face.of(persona("b"))
    assert Face(None, CONTEXT, draw=True).of(persona("a")) is None


def test_nobody_uses_it_so_it_is_free() -> None:
    """There is nothing to wait for."""

    async def main() -> None:
        face = Face(ScriptedAvatar(), CONTEXT, draw=True)
        async with asyncio.TaskGroup() as group:
            assert face.free(group) is None

    asyncio.run(main())


def test_free_waits_for_all_users() -> None:
    """Also for one that is older than the last and outlives it."""

    async def main() -> None:
        face = Face(ScriptedAvatar(), CONTEXT, draw=True)
        async with asyncio.TaskGroup() as group:
            first, second = group.create_task(for_ever()), group.create_task(for_ever())
            face.used_by(first)
            face.used_by(second)
            free = face.free(group)
            assert free is not None
            second.cancel()
            await asyncio.wait([second])
            assert not free.done()
            first.cancel()
            await free
            assert face.free(group) is None

    asyncio.run(main())


def test_faces_are_bounded() -> None:
    """The one not used for longest is closed, as soon as nobody can be using it."""
    avatar = ScriptedAvatar()

    async def main() -> None:
        face = Face(avatar, CONTEXT, draw=True)
        async with asyncio.TaskGroup() as group:
            for name in ("a", "b", "c", "d", "e"):
                face.of(persona(name))
            assert avatar.player.open_sessions == MAX_FACES + 1
            free = face.free(group)
            assert free is not None
            await free
            assert avatar.player.open_sessions == MAX_FACES
        await face.aclose()
        await face.aclose()

    asyncio.run(main())
    assert avatar.player.open_sessions == 0


def test_a_face_is_prepared_before_it_is_wanted() -> None:
    """The very one that is used then; one that cannot be had is an error only when it is wanted."""
    prepared: list[Controls] = []

    class Getting(AvatarSession):
        def prepare(self, control: Controls) -> None:
            prepared.append(control)

        def infer_stream(
            self, spans: AsyncIterator[AvatarInput], control: Controls, context: TurnContext
        ) -> AsyncGenerator[DrawnFrame, None]:
            raise NotImplementedError

    class Choosy(ScriptedAvatar):
        def open_session(self, context: SessionContext, persona: Persona, draw: bool) -> AvatarSession:
            if persona.look == "nobody":
                raise AdapterRejected("no such look", role="avatar")
            return Getting()

    face = Face(Choosy(), CONTEXT, draw=True)
    face.prepare(persona("a"), Controls(fps=30))
    assert prepared == [Controls(fps=30)]
    first = face.of(persona("a"))
    face.prepare(persona("a"), Controls())
    assert face.of(persona("a")) is first
    face.prepare(Persona("x", look="nobody"), Controls())
    with pytest.raises(AdapterRejected):
        face.of(Persona("x", look="nobody"))


def test_put_away_reaches_every_face_and_closes_none() -> None:
    """They are what a client that comes back goes on with."""
    put_away: list[AvatarSession] = []

    class Large(AvatarSession):
        async def put_away(self) -> None:
            put_away.append(self)

        def infer_stream(
            self, spans: AsyncIterator[AvatarInput], control: Controls, context: TurnContext
        ) -> AsyncGenerator[DrawnFrame, None]:
            raise NotImplementedError

    class Roomy(ScriptedAvatar):
        def open_session(self, context: SessionContext, persona: Persona, draw: bool) -> AvatarSession:
            return Large()

    face = Face(Roomy(), CONTEXT, draw=True)
    faces = [face.of(persona("a")), face.of(persona("b"))]
    asyncio.run(face.put_away())
    assert put_away == faces
    assert [face.of(persona("a")), face.of(persona("b"))] == faces
