"""The table of emulators."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from tests.config.fakes import secret_fields
from tth.config.wiring import builtin_registry
from tth.testing.emulators.catalogue import STANDS, Stand

pytestmark = pytest.mark.server


@pytest.mark.parametrize("stand", STANDS.values(), ids=lambda stand: stand.name)
def test_each_row_is_true(stand: Stand) -> None:
    """The emulator starts; each adapter exists, has the setting that leads there, and reads the key from there."""

    async def main() -> None:
        async with stand.make(key="another").running() as emulator:
            assert emulator.name == stand.name
            for path, url in stand.settings_for(emulator.url).items():
                assert url.startswith(emulator.url)
                _, role, name, setting = path.split(".")
                spec = next(spec for spec in builtin_registry() if (spec.role, spec.name) == (role, name))
                fields = {field.name: field for field in dataclasses.fields(spec.settings_type())}
                assert setting in fields
                keys = secret_fields(spec.settings_type())
                assert [fields[key].metadata["env"] for key in keys] == [stand.key_variable]

    asyncio.run(main())


def test_each_has_a_port_of_its_own() -> None:
    """So that several can run side by side."""
    assert len({stand.port for stand in STANDS.values()}) == len(STANDS)
