"""Where the bundled files lie."""

from pathlib import Path

from agent import resources

ROOT = Path(__file__).parents[1]


def test_a_checkout_has_them_beside_the_package() -> None:
    """In a checkout the folders of the repository are used as they stand."""
    assert (resources.rules_dir(), resources.schemas_dir()) == (ROOT / "rules", ROOT / "schemas")


def test_a_wheel_has_them_inside_the_package(tmp_path: Path) -> None:
    """Installed, a folder `rules` that another package put into site-packages is not taken for ours."""
    package = tmp_path / "agent"
    for folder in (package / "_data" / "rules", tmp_path / "rules"):
        folder.mkdir(parents=True)
    assert resources._bundled(package, "rules") == package / "_data" / "rules"
