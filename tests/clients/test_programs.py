"""What client.toml files say, and what is said when they, or a toolchain, are not as they should be."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.conformance.programs import Unusable, clients_in, line_count

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
GOOD = """
language = "Sindarin"
needs = ["bash", "mellon"]
build = ""
generator = "speak"
[[program]]
name = "Sindarin"
library = ["lib.txt"]
run = ["./program"]
"""


def _client(folder: Path, text: str) -> None:
    (folder / "sindarin").mkdir()
    (folder / "sindarin" / "client.toml").write_text(text)


def test_the_clients_that_come_with_us() -> None:
    """Each can be read, and its library files are there."""
    clients = clients_in(ROOT / "clients")
    assert clients
    assert all(line_count(client, program, ROOT) > 10 for client in clients for program in client.programs)


def test_a_missing_toolchain_is_named(tmp_path: Path) -> None:
    """Only what is missing."""
    _client(tmp_path, GOOD)
    (client,) = clients_in(tmp_path)
    assert client.missing == ["mellon"]


def test_lines_that_hold_nothing_do_not_count(tmp_path: Path) -> None:
    """A library is as long as what there is to read."""
    _client(tmp_path, GOOD)
    (tmp_path / "sindarin" / "lib.txt").write_text("one\n\n  \ntwo\n")
    (client,) = clients_in(tmp_path)
    assert line_count(client, client.programs[0], tmp_path) == 2


def test_an_unknown_client(tmp_path: Path) -> None:
    """The known ones are listed."""
    _client(tmp_path, GOOD)
    with pytest.raises(Unusable, match="no client go; there are: sindarin"):
        clients_in(tmp_path, ["go"])


@pytest.mark.parametrize("text", ["language = ", GOOD.replace('build = ""', ""), GOOD.replace('["lib.txt"]', "7")])
def test_a_file_that_is_not_right(text: str, tmp_path: Path) -> None:
    """It is named, with where its form is described."""
    _client(tmp_path, text)
    with pytest.raises(Unusable, match=r"client\.toml.*its form is in"):
        clients_in(tmp_path)
