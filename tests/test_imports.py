"""Who may import whom, and what importing costs.

The rules keep decisions pure, providers apart and the contract's messages at the door. They are read from the source,
so that an import inside a function counts as well.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

SOURCE = Path(__file__).parents[1] / "src"
ROLES = ("llm", "tts", "realtime", "avatar")


@dataclass(frozen=True)
class Import:
    """One import of one module."""

    importer: str
    imported: str
    for_types_only: bool
    """Below `if TYPE_CHECKING`: gone at run time."""

    def __str__(self) -> str:
        return f"{self.importer} imports {self.imported}"


def _modules() -> dict[str, Path]:
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = _modules()


def _imports_of(name: str, path: Path) -> Iterator[Import]:
    tree = ast.parse(path.read_text("utf-8"), str(path))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(name, alias.name, id(node) in typing_only) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: relative imports hide who imports whom"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield Import(name, whole if whole in MODULES else str(node.module), id(node) in typing_only)


IMPORTS = [found for name, path in MODULES.items() for found in _imports_of(name, path)]


def _is_in(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def _within(*packages: str) -> list[Import]:
    """Imports of our own modules by modules of these packages; `tth` itself holds only the version."""
    return [found for found in IMPORTS if _is_in(found.importer, *packages) and found.imported.startswith("tth.")]


def _only(package: str, *allowed: str) -> list[str]:
    """What a package imports of ours beyond itself and what it may."""
    return [str(found) for found in _within(package) if not _is_in(found.imported, package, *allowed)]


def test_there_is_something_to_check() -> None:
    """The rules below look at real code."""
    assert len(MODULES) > 30
    assert any(found.imported == "tth.model.controls" for found in IMPORTS)


def test_model_stands_alone() -> None:
    """Values know errors and the face's numbers, nothing else of ours."""
    assert _only("tth.model", "tth.errors", "tth.face.parameters") == []


def test_face_draws_and_nothing_else() -> None:
    """The embedded human knows values and itself; it could be taken out and used elsewhere."""
    assert _only("tth.face", "tth.model", "tth.errors", "tth.kernels", "tth.disk_cache") == []


def test_core_is_pure() -> None:
    """Decisions know values and errors, and no clock, chance, file or event loop."""
    assert _only("tth.core", "tth.model", "tth.errors") == []
    allowed = {"numpy"}
    banned = {"asyncio", "time", "random", "logging", "os", "pathlib", "socket", "subprocess", "threading", "secrets"}
    outside = [found for found in IMPORTS if _is_in(found.importer, "tth.core") and not _is_in(found.imported, "tth")]
    roots = {found.imported.partition(".")[0] for found in outside}
    assert roots & banned == set()
    assert roots - set(sys.stdlib_module_names) - allowed == set()


def test_media_knows_no_stage() -> None:
    """Encoders and containers know values and compiled loops only."""
    assert _only("tth.media", "tth.model", "tth.errors", "tth.kernels") == []


def test_kernels_know_nothing_of_what_they_compute() -> None:
    """How loops are compiled and kept; whose loops they are they do not know."""
    assert _only("tth.kernels", "tth.errors", "tth.disk_cache") == []
    assert _only("tth.disk_cache") == []


def test_helpers_of_kernels_lie_beside_them() -> None:
    """The name of a kernel's machine code is made from its folder and `tth.kernels`: were a helper elsewhere, a change
    of it would go unnoticed."""
    loops = {name for name, path in MODULES.items() if re.search(r"^@(kernel|inlined)$", path.read_text("utf-8"), re.M)}
    assert len(loops) > 10
    wrong = [
        str(found)
        for found in IMPORTS
        if found.importer in loops
        and found.imported in loops
        and not _is_in(found.imported, "tth.kernels", found.importer.rpartition(".")[0])
    ]
    assert wrong == []


def test_control_is_pure() -> None:
    """Personas, fit and report know what an adapter says of itself, never an adapter."""
    assert (
        _only("tth.control", "tth.model", "tth.errors", "tth.core", "tth.adapters.base", "tth.adapters.registry") == []
    )


def test_adapters_know_no_engine_and_not_each_other() -> None:
    """A provider translates: it may use values, decisions, the face, and helpers beside it that carry its name.

    Helpers shared by a role's adapters have no `build`; nothing else is shared.
    """
    allowed = ("tth.model", "tth.errors", "tth.core", "tth.clock", "tth.face", "tth.media", "tth.adapters.base")
    shared = tuple(name for name in MODULES if _is_in(name, "tth.adapters") and not _is_provider(name))
    wrong = [
        str(found)
        for role in ROLES
        for found in _within(f"tth.adapters.{role}")
        if not _is_in(found.imported, *allowed) and found.imported not in shared
    ]
    assert wrong == []
    beside = [
        str(found)
        for role in ROLES
        for found in _within(f"tth.adapters.{role}")
        if _is_in(found.imported, *(f"tth.adapters.{other}" for other in ROLES if other != role))
    ]
    assert beside == []


def _is_provider(module: str) -> bool:
    """The module of an adapter: it offers `build`."""
    tree = ast.parse(MODULES[module].read_text("utf-8"), module)
    return any(isinstance(node, ast.FunctionDef) and node.name == "build" for node in tree.body)


def test_a_providers_helpers_are_its_own() -> None:
    """`espeak_text` belongs to `espeak`: no other adapter uses it."""
    providers = [name for name in MODULES if _is_in(name, "tth.adapters") and _is_provider(name)]
    wrong = [
        str(found)
        for provider in providers
        for found in IMPORTS
        if found.imported.startswith(provider + "_") and not found.importer.startswith(provider)
    ]
    assert wrong == []


def test_the_engine_knows_roles_only() -> None:
    """Pipeline, session and server never name an adapter, the configuration files or the command line."""
    layers = ("tth.pipeline", "tth.session", "tth.server")
    adapters = tuple(f"tth.adapters.{role}" for role in ROLES)
    assert [str(found) for found in _within(*layers) if _is_in(found.imported, *adapters)] == []
    above = ("tth.config", "tth.server", "tth.cli", "tth.client")
    assert [str(found) for found in _within("tth.pipeline", "tth.session") if _is_in(found.imported, *above)] == []
    assert [str(found) for found in _within("tth.pipeline") if _is_in(found.imported, "tth.session")] == []
    composition = ("tth.config.wiring", "tth.config.load", "tth.cli", "tth.client")
    assert [str(found) for found in _within("tth.server") if _is_in(found.imported, *composition)] == []


DOOR = {"convert", "service", "stream", "models"}
"""Server modules that may see messages and values together: `convert` translates, the others hand over to it."""


def test_messages_stay_at_the_door() -> None:
    """Inside nobody sees protobuf, and at the door only the few that translate or call the translation do."""
    door = ("tth.server", "tth.gateway", "tth.client", "tth.cli", "tth.testing", "tth.v1")
    inside = [found for found in _within("tth") if not _is_in(found.importer, *door)]
    assert [str(found) for found in inside if _is_in(found.imported, "tth.v1")] == []
    for server in [name for name in MODULES if _is_in(name, "tth.server")]:
        seen = [found.imported for found in IMPORTS if found.importer == server]
        sees_messages = any(_is_in(name, "tth.v1") and not name.endswith("_grpc") for name in seen)
        sees_both = sees_messages and any(_is_in(name, "tth.model") for name in seen)
        assert not sees_both or server.split(".")[2] in DOOR, server


def test_the_client_stands_alone() -> None:
    """A client needs the contract, media helpers and their values: no engine, no server, no adapter."""
    assert _only("tth.client", "tth.v1", "tth.media", "tth.errors", "tth.model.media") == []


def test_the_gateway_is_a_client() -> None:
    """It needs the contract, its own settings, what a client knows of errors, and heads to show: no engine, no server.
    Nobody but the command line imports it, and that only where it is asked for."""
    allowed = ("tth.v1", "tth.config.schema", "tth.errors", "tth.client.errors", "tth.disk_cache")
    heads = ("tth.face.catalogue", "tth.face.look", "tth.face.gltf", "tth.face.sculpt.store")
    assert _only("tth.gateway", *allowed, *heads) == []
    importers = {found.importer for found in IMPORTS if _is_in(found.imported, "tth.gateway")}
    assert {name for name in importers if not _is_in(name, "tth.gateway")} <= {"tth.cli.gateway"}


def test_nobody_imports_the_tests_helpers() -> None:
    """`testing` may import anything and is imported by nothing but the command whose business it is: `tth emulate`."""
    assert [
        str(f)
        for f in IMPORTS
        if _is_in(f.imported, "tth.testing") and not _is_in(f.importer, "tth.testing", "tth.cli.emulate")
    ] == []


def test_only_programs_import_the_composition_root() -> None:
    """`config/wiring.py` is imported by the command line alone."""
    wrong = [
        str(found)
        for found in IMPORTS
        if _is_in(found.imported, "tth.config.wiring") and not _is_in(found.importer, "tth.cli", "tth.testing")
    ]
    assert wrong == []


def test_only_the_loader_reads_the_environment() -> None:
    """No setting comes in by a back door. Telling a library something through it (`setdefault`) is not reading."""
    readers = {
        name
        for name, path in MODULES.items()
        for line in ast.walk(ast.parse(path.read_text("utf-8"), str(path)))
        if isinstance(line, ast.stmt) and _reads_environment(line)
    }
    assert readers == {"tth.config.load"}


def _reads_environment(line: ast.stmt) -> bool:
    """To hand all of it on to a child process is not reading either."""
    if isinstance(line, ast.Expr) and ast.unparse(line).startswith("os.environ.setdefault("):
        return False
    if any(isinstance(below, ast.stmt) for below in ast.iter_child_nodes(line)):
        return False  # its lines are looked at one by one
    handed_on = {
        id(value)
        for node in ast.walk(line)
        if isinstance(node, ast.keyword) and node.arg == "env" and isinstance(node.value, ast.Dict)
        for key, value in zip(node.value.keys, node.value.values, strict=True)
        if key is None
    }
    names = (node for node in ast.walk(line) if isinstance(node, ast.Attribute) and id(node) not in handed_on)
    return any(node.attr in ("environ", "environb", "getenv") for node in names)


def test_importing_has_no_effect(tmp_path: Path) -> None:
    """Every module can be imported in an empty directory: no thread, no file, no process, no log, no output."""
    modules = [name for name in MODULES if not name.endswith("__main__")]
    code = f"""
import importlib, logging, os, sys, threading, warnings
warnings.simplefilter("error")
for name in {modules!r}:
    importlib.import_module(name)
import multiprocessing
assert threading.active_count() == 1, threading.enumerate()
assert multiprocessing.active_children() == []
assert not logging.getLogger().handlers
assert not [name for name in logging.root.manager.loggerDict if name.startswith("tth")
            and getattr(logging.getLogger(name), "handlers", [])]
assert os.listdir() == [], os.listdir()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


HEAVY = ("uvicorn", "starlette", "numba", "llvmlite", "scipy", "cv2", "av", "simplejpeg", "soxr")


@pytest.mark.skipif("tth.cli.main" not in MODULES, reason="the command line is not there yet")
def test_the_command_line_starts_light() -> None:
    """`tth --help` loads no codec, no compiler and no face."""
    code = f"import sys, tth.cli.main; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
