"""Where the bundled files lie."""

import tomllib
from pathlib import Path

from agent import resources

ROOT = Path(__file__).parents[1]


def test_a_checkout_has_them_beside_the_package() -> None:
    """In a checkout the folders of the repository are used as they stand."""
    found = (resources.rules_dir(), resources.schemas_dir(), resources.docs_dir())
    assert found == (ROOT / "rules", ROOT / "schemas", ROOT / "docs")


def test_a_wheel_has_them_inside_the_package(tmp_path: Path) -> None:
    """Installed, a folder `rules` that another package put into site-packages is not taken for ours."""
    package = tmp_path / "agent"
    for folder in (package / "_data" / "rules", tmp_path / "rules"):
        folder.mkdir(parents=True)
    assert resources._bundled(package, "rules") == package / "_data" / "rules"


def test_whatever_a_wheel_is_built_of_is_there_to_build_it() -> None:
    """What it carries beside the package is in a source distribution, and in the context of the image, which leaves out all else."""
    targets = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    carried = set(targets["wheel"]["force-include"])
    assert carried
    assert carried <= set(targets["sdist"]["include"])
    assert {f"!{name}" for name in carried} <= set((ROOT / ".dockerignore").read_text(encoding="utf-8").split())
    assert all((ROOT / name).exists() for name in carried)
