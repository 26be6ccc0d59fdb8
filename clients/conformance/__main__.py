"""Build client programs, run each case of each against a real server, judge, and write the table of results."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from clients.conformance.cases import CASES
from clients.conformance.programs import Client, Program, Unusable, clients_in, line_count
from clients.conformance.running import command, ending, run_case, shortened
from clients.conformance.secure import Secure, secure_server
from clients.conformance.table import FAILED, PASSED, Row, with_rows
from tth.cli.exits import CommandFailed
from tth.cli.local_server import server_at
from tth.cli.terminal import Progress

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / "clients"
RESULTS = CLIENTS / "README.md"
BUILD_LIMIT_S = 900.0
"""A first build of the Rust client downloads and compiles gRPC."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m clients.conformance", description=__doc__)
    parser.add_argument("languages", nargs="*", metavar="FOLDER", help="folders below clients/; default all")
    parser.add_argument("--case", action="append", choices=CASES, help="some cases only; the table stays as it is")
    parser.add_argument("--keep", action="store_true", help="leave the table of results as it is")
    arguments = parser.parse_args()
    try:
        return asyncio.run(_run(arguments.languages, arguments.case or CASES, arguments.keep))
    except (Unusable, CommandFailed) as error:
        _say(f"clients: {error}")
        return 1


async def _run(languages: Sequence[str], cases: Sequence[str], keep: bool) -> int:
    usable, lacking = [], 0
    for client in clients_in(CLIENTS, languages):
        if client.missing:
            _say(f"{client.language}: not run, this machine lacks {', '.join(client.missing)}")
            lacking += 1
        else:
            usable.append(client)
    if not usable:
        return 1
    async with server_at(None, Progress(_say, "")) as target, secure_server() as secure:
        targets = {case: secure if case == "secure" else target for case in cases}
        rows = [row for client in usable for row in await _client(client, targets)]
    if not keep and tuple(cases) == CASES:
        names = {program.name for client in clients_in(CLIENTS) for program in client.programs}
        RESULTS.write_text(with_rows(RESULTS.read_text("utf-8"), rows, names), "utf-8")
    failed = [row.name for row in rows if not all(row.passed.get(case, False) for case in cases)]
    _say(
        f"{len(rows) - len(failed)} of {len(rows)} programs passed" + (f"; not: {', '.join(failed)}" if failed else "")
    )
    return 1 if failed or not rows or (lacking and languages) else 0


async def _client(client: Client, targets: Mapping[str, str | Secure]) -> list[Row]:
    complaint = await _build(client)
    if complaint:
        _say(complaint)
    return [
        await _program(client, program, targets) if not complaint else _row(client, program, {}, 0.0)
        for program in client.programs
    ]


async def _build(client: Client) -> str:
    """Why it cannot be built; empty when it was."""
    if not client.build:
        return ""
    began_s = time.monotonic()
    _say(f"{client.language}: building")
    code, out, err = await command(("bash", "-euo", "pipefail", "-c", client.build), client.folder, BUILD_LIMIT_S)
    if code != 0:
        return f"{client.language}: the build failed ({ending(code)})\n{shortened(out + err)}"
    _say(f"{client.language}: built in {time.monotonic() - began_s:.0f} s")
    return ""


async def _program(client: Client, program: Program, targets: Mapping[str, str | Secure]) -> Row:
    passed, began_s = dict[str, bool](), time.monotonic()
    for case, target in targets.items():
        case_s = time.monotonic()
        complaints = await run_case(program.run, client.folder, case, target)
        passed[case] = not complaints
        _say(f"{program.name:20} {case:10} {FAILED if complaints else PASSED} {time.monotonic() - case_s:5.1f} s")
        for complaint in complaints:
            _say(f"    {complaint}")
    return _row(client, program, passed, time.monotonic() - began_s)


def _row(client: Client, program: Program, passed: dict[str, bool], seconds: float) -> Row:
    return Row(program.name, client.generator, line_count(client, program, ROOT), passed, seconds)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
