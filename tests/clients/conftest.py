"""A real server for all of these tests, and what an honest program does with it, case by case."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from clients.conformance.cases import CASES, Evidence
from clients.conformance.running import observed
from clients.conformance.secure import secure_server
from tests.cli.conftest import server

__all__ = ["server"]

PYTHON_CLIENT = Path(__file__).parents[2] / "clients" / "python"


@pytest.fixture(scope="session")
def honest(server: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Evidence]:
    """What the async Python program said and did in each case; tests work on copies of the answers."""
    return {case: asyncio.run(_evidence(case, server, tmp_path_factory.mktemp(case))) for case in CASES}


async def _evidence(case: str, target: str, output: Path) -> Evidence:
    program = ("python", "conformance/async_client.py")
    if case == "secure":
        async with secure_server() as secure:
            found = await observed(program, PYTHON_CLIENT, case, secure, output)
    else:
        found = await observed(program, PYTHON_CLIENT, case, target, output)
    assert isinstance(found, Evidence), found
    return found
