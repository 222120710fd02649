"""compose.yaml as Docker reads it, and what the agent would find in its container."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from tests.container import image

COMPOSE: Final = image.ROOT / "compose.yaml"
OURS: Final = ("babelwatch", "past", "service")  # the containers of our own image


def parsed(path: Path) -> Any:
    """A YAML file."""
    return YAML(typ="safe").load(path)


SERVICES: Final[Mapping[str, Any]] = parsed(COMPOSE)["services"]
AGENT: Final = SERVICES["babelwatch"]


def environment() -> dict[str, str]:
    """The variables of the agent's container: those of the image, and over them those of compose."""
    return {**image.environment(), **AGENT["environment"]}


def mounts() -> dict[str, dict[str, Path]]:
    """Each service's files and folders of the checkout, by their path in the container."""
    return {
        name: {target: image.ROOT / source for source, target, *_ in split(service) if source.startswith(".")}
        for name, service in SERVICES.items()
    }


def split(service: Mapping[str, Any]) -> list[list[str]]:
    """Its volumes: source, target, and how."""
    return [text.split(":") for text in service.get("volumes", [])]
