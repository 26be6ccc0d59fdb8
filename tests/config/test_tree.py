"""Tests of tth.config.tree."""

from __future__ import annotations

import pytest

from tth.config.tree import Items, Scalar, Section, merge, nested, read_yaml
from tth.errors import ConfigProblem

pytestmark = pytest.mark.unit


def read(text: str) -> Section:
    """A document without mistakes."""
    problems: list[ConfigProblem] = []
    tree = read_yaml(text, "f.yaml", problems)
    assert problems == []
    return tree


def problems_of(text: str) -> list[str]:
    problems: list[ConfigProblem] = []
    read_yaml(text, "f.yaml", problems)
    return [str(problem) for problem in problems]


def at(tree: Section, *path: str) -> object:
    """The text of the value at a path."""
    node: object = tree
    for key in path:
        assert isinstance(node, Section)
        node = node.get(key)
    return node.text if isinstance(node, Scalar) else node


def test_values_keep_their_text_and_line() -> None:
    """Nothing is guessed: a version stays a text, and every value knows its line."""
    node = read("a:\n  b: 4.10\n").entries["a"]
    assert isinstance(node, Section)
    assert node.entries["b"] == Scalar("4.10", "f.yaml:2")


def test_quotes_are_remembered() -> None:
    """A quoted word is text even where the plain one would mean nothing."""
    assert read("a: 'null'").entries["a"] == Scalar("null", "f.yaml:1", quoted=True)


def test_lists_are_read() -> None:
    """A list keeps its items in order."""
    node = read("a: [x, y]").entries["a"]
    assert isinstance(node, Items)
    assert [item.text for item in node.items if isinstance(item, Scalar)] == ["x", "y"]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_an_empty_document_says_nothing(text: str) -> None:
    """A file in which everything is commented out is no mistake."""
    assert read(text).entries == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3: a: stands twice; the first is on line 1"),
        ("a: &x 1\nb: *x\n", "f.yaml:1: b: aliases are not used here; write the value out"),
        ("a: !!python/name:os.system x\n", "f.yaml:1: a: the tag tag:yaml.org,2002:python/name:os.system"),
        ("- 1\n", "f.yaml:1: must be a section of keys"),
        ("a: [1\n", "f.yaml:2: not YAML"),
        ("a: 1\n---\nb: 2\n", "not YAML"),
        ("? [x]\n: 1\n", "f.yaml:1: a key must be a word"),
        ("a: \x00", "not YAML"),
    ],
)
def test_what_is_refused_is_named_with_its_line(text: str, problem: str) -> None:
    """Duplicate keys, aliases, foreign tags and broken YAML are each one problem at their line."""
    found = problems_of(text)
    assert len(found) == 1
    assert problem in found[0]


def test_a_list_that_holds_itself_is_refused() -> None:
    """A cycle is a problem, not an endless loop."""
    assert "aliases" in problems_of("a: &x [*x]\n")[0]


def test_the_upper_layer_wins_key_by_key() -> None:
    """Merging goes down into sections, and what the upper layer does not name stays."""
    tree = merge(read("s: {a: 1, b: 2}\nt: 1"), read("s: {b: 3}"))
    assert (at(tree, "s", "a"), at(tree, "s", "b"), at(tree, "t")) == ("1", "3", "1")


def test_an_empty_value_says_nothing_but_null_does() -> None:
    """A key with nothing behind it leaves what lies below; `null` replaces it."""
    assert at(merge(read("s: {a: 1}"), read("s:\n")), "s", "a") == "1"
    replaced = merge(read("s: {a: 1}"), read("s: null")).get("s")
    assert isinstance(replaced, Scalar)
    assert replaced.is_null


def test_lists_are_replaced() -> None:
    """A list in an upper layer stands for itself; it is not joined to the one below."""
    node = merge(read("a: [x, y]"), read("a: [z]")).get("a")
    assert isinstance(node, Items)
    assert len(node.items) == 1


def test_a_path_becomes_a_tree() -> None:
    """One value with a path merges like a file would."""
    assert at(nested(("a", "b"), Scalar("1", "X")), "a", "b") == "1"
