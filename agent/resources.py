"""Where the files lie that come with the package: beside it in a checkout, inside it in a wheel."""

from pathlib import Path


def rules_dir() -> Path:
    """The folder of the bundled rules."""
    return _bundled(Path(__file__).parent, "rules")


def schemas_dir() -> Path:
    """The folder of the table definitions and of the event's schema."""
    return _bundled(Path(__file__).parent, "schemas")


def docs_dir() -> Path:
    """The folder of the pages of documentation; a wheel has those alone that the agent shows."""
    return _bundled(Path(__file__).parent, "docs")


def _bundled(package: Path, name: str) -> Path:
    """The wheel's folder first: beside an installed package there may be a folder of this name from somebody else."""
    packed = package / "_data" / name
    return packed if packed.is_dir() else package.parent / name
