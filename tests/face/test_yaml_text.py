"""Reading YAML."""

from __future__ import annotations

import pytest
import yaml

from tth.face import yaml_text
from tth.face.look import LOOKS_DIR

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", ["anna.yaml", "maya/look.yaml"])
def test_it_is_read_as_python_reads_it(name: str) -> None:
    """Whichever parser does it."""
    text = (LOOKS_DIR / name).read_text(encoding="utf-8")
    assert yaml_text.parsed(text) == yaml.safe_load(text)


@pytest.mark.parametrize("text", ["a: [1", "a: !!python/object:object {}", "\0"])
def test_what_is_no_plain_yaml_is_an_error(text: str) -> None:
    """Broken, or something that would make objects."""
    with pytest.raises(yaml.YAMLError):
        yaml_text.parsed(text)
