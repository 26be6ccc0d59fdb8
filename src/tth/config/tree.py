"""What a configuration says before anybody knows what it means: a tree of texts, each with the place it comes from.

Files, the environment and the command line all become such trees, so that they merge in one way and an error can
always name a line. A value stays text until its setting says what it should be (`check.py`): `4.1` may be a model's
name and `no` a language. Tests: tests/config/test_tree.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml

from tth.errors import ConfigProblem

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What YAML 1.1 resolves plain texts to; any other tag is somebody's own and is refused.
_STANDARD_TAGS = tuple(
    f"tag:yaml.org,2002:{name}"
    for name in ("null", "bool", "int", "float", "str", "timestamp", "seq", "map", "value", "merge")
)
_NULLS = ("~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as it was written."""

    text: str
    where: str
    """file:line, the name of an environment variable, or "command line"."""
    quoted: bool = False
    """Written in quotes, so it is text and nothing else."""
    from_environment: bool = False
    """From a variable or the .env file: the only places a secret may come from."""
    from_command_line: bool = False

    @property
    def is_null(self) -> bool:
        """An explicit "not set"."""
        return not self.quoted and self.text in _NULLS

    @property
    def is_silent(self) -> bool:
        """Nothing written behind the key: says nothing, so what lies below stays."""
        return not self.quoted and self.text == ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    where: str


@dataclass(frozen=True, slots=True)
class Section:
    """Keys with what stands behind each."""

    entries: Mapping[str, Node] = field(default_factory=dict)
    where: str = ""
    key_where: Mapping[str, str] = field(default_factory=dict)
    """Where each key was last written."""

    def get(self, key: str) -> Node | None:
        """What stands behind a key; None if nothing does."""
        node = self.entries.get(key)
        return None if isinstance(node, Scalar) and node.is_silent else node


Node: TypeAlias = Scalar | Items | Section


def merge(lower: Section, upper: Section) -> Section:
    """Both together, key by key; where both speak, `upper` wins. Lists are replaced, never joined."""
    entries = dict(lower.entries)
    key_where = {**lower.key_where}
    for key, node in upper.entries.items():
        if isinstance(node, Scalar) and node.is_silent:
            continue
        below = entries.get(key)
        entries[key] = merge(below, node) if isinstance(below, Section) and isinstance(node, Section) else node
        key_where[key] = upper.key_where.get(key, upper.where)
    return Section(entries, upper.where or lower.where, key_where)


def nested(path: tuple[str, ...], leaf: Scalar) -> Section:
    """A tree with one value in it; `path` is not empty."""
    node: Node = leaf
    for key in reversed(path):
        node = Section({key: node}, leaf.where, {key: leaf.where})
    assert isinstance(node, Section)
    return node


def read_yaml(text: str, name: str, problems: list[ConfigProblem]) -> Section:
    """The tree of one YAML document. What is wrong with it goes to `problems`, named `name:line`; never raises.

    Duplicate keys, aliases and tags of one's own are refused. Nothing is ever constructed from a tag.
    """
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        problems.append(ConfigProblem(f"{name}:{line}", "", f"not YAML: {getattr(error, 'problem', None) or error}"))
        return Section(where=name)
    if root is None:
        return Section(where=name)
    node = _YamlReader(name, problems).convert(root, "")
    if isinstance(node, Section):
        return node
    if isinstance(node, Scalar) and node.is_silent:
        return Section(where=name)
    problems.append(ConfigProblem(f"{name}:1", "", "must be a section of keys"))
    return Section(where=name)


class _YamlReader:
    """Turns YAML nodes into our tree, collecting what it refuses."""

    def __init__(self, name: str, problems: list[ConfigProblem]) -> None:
        self._name = name
        self._problems = problems
        self._seen: set[int] = set()

    def convert(self, node: yaml.Node, key: str) -> Node:
        where = self._where(node)
        if id(node) in self._seen:
            self._refuse(node, key, "aliases are not used here; write the value out")
            return Scalar("", where)
        self._seen.add(id(node))
        if node.tag not in _STANDARD_TAGS:
            self._refuse(node, key, f"the tag {node.tag} is not used here")
            return Scalar("", where)
        if isinstance(node, yaml.MappingNode):
            return self._section(node, key)
        if isinstance(node, yaml.SequenceNode):
            return Items(tuple(self.convert(item, f"{key}[{at}]") for at, item in enumerate(node.value)), where)
        return Scalar(str(node.value), where, quoted=getattr(node, "style", None) not in (None, ""))

    def _section(self, node: yaml.MappingNode, key: str) -> Section:
        entries: dict[str, Node] = {}
        key_where: dict[str, str] = {}
        for key_node, value_node in node.value:
            name = str(key_node.value)
            path = f"{key}.{name}" if key else name
            if not isinstance(key_node, yaml.ScalarNode):
                self._refuse(key_node, key, "a key must be a word")
            elif name in entries:
                first_line = key_where[name].rpartition(":")[2]
                self._refuse(key_node, path, f"stands twice; the first is on line {first_line}")
            else:
                entries[name] = self.convert(value_node, path)
                key_where[name] = self._where(key_node)
        return Section(entries, self._where(node), key_where)

    def _where(self, node: yaml.Node) -> str:
        return f"{self._name}:{node.start_mark.line + 1}"

    def _refuse(self, node: yaml.Node, key: str, message: str) -> None:
        self._problems.append(ConfigProblem(self._where(node), key, message))
