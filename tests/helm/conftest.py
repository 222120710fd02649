"""Helm as the tests of the chart call it."""

from pathlib import Path

import pytest

from tests.helm.rendering import Render
from tests.support import helm


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """Renders values, which are given by name."""
    try:
        helm.command()
    except helm.UnavailableError as reason:
        pytest.skip(str(reason))
    return lambda **values: helm.template(values, tmp_path)
