"""The judge of docs/shell.md: what it takes for printed, and what it finds missing. `make shell` runs the document."""

from __future__ import annotations

import pytest

from tools.shell_document import DOCUMENT, blocks, missing

pytestmark = pytest.mark.unit

PRINTED = '{ "status": "SERVING" } serving: tth 0.1.0 [OK] 20 responses'


@pytest.mark.parametrize(
    ("expected", "absent"),
    [
        (('"status": "SERVING"', "serving: tth …", "[OK] 20 responses"), None),
        (("serving: tth … [OK]   20",), None),
        (("serving: tth", '"status": "SERVING"'), '"status": "SERVING"'),
        (("…", "[OK] 21 responses"), "[OK] 21 responses"),
        ((".*",), ".*"),
        ((), None),
    ],
)
def test_lines_are_looked_for_in_their_order(expected: tuple[str, ...], absent: str | None) -> None:
    assert missing(expected, PRINTED) == absent


def test_each_block_has_its_own_expectation() -> None:
    """Blocks of other languages are for readers; a block without a text says nothing of what it prints."""
    document = "```sh\na\n```\n\n```text\nA\n```\nwords\n```yaml\ny\n```\n```sh fails\nb\n```\n```sh server\nc\n```\n"
    assert [(block.kind, block.commands, block.expected) for block in blocks(document)] == [
        ("sh", "a\n", ("A",)),
        ("sh fails", "b\n", ()),
        ("sh server", "c\n", ()),
    ]


def test_every_block_of_the_document_that_must_print_something_says_what() -> None:
    silent = [block.commands for block in blocks(DOCUMENT.read_text("utf-8")) if block.kind != "sh server"]
    told = [block for block in blocks(DOCUMENT.read_text("utf-8")) if block.expected]
    assert len(told) == len(silent)
