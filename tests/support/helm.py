"""Helm, from the path or as `scripts/setup.sh test` has built it, and what it renders."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

CHART: Final = Path(__file__).parents[2] / "helm" / "babelwatch"
MODULE: Final = "helm.sh/helm/v3/cmd/helm@v3.22.0"
NEWEST: Final = "1.37.0"  # of Kubernetes; a Helm that Go has built by itself takes the cluster for an ancient one
Manifest = dict[str, Any]


class UnavailableError(RuntimeError):
    """There is no Helm here."""


class Rendered(NamedTuple):
    """What `helm template` says: manifests, or why there are none."""

    manifests: list[Manifest]
    refusal: str = ""

    def kinds(self) -> list[str]:
        """What would be made."""
        return sorted(one["kind"] for one in self.manifests)

    def the(self, kind: str) -> Manifest:
        """The only one of a kind."""
        [found] = [one for one in self.manifests if one["kind"] == kind]
        return found


def built() -> Path:
    """Where a Helm of our own lies."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "babelwatch-test-helm"
    return cache / MODULE.rpartition("@")[2] / "helm"


def command() -> str:
    """The Helm to run; raises UnavailableError."""
    found = shutil.which("helm") or (str(built()) if built().exists() else None)
    if found is None:
        raise UnavailableError("there is no Helm (scripts/setup.sh test builds one, where Go is)")
    return found


def helm(*words: str) -> subprocess.CompletedProcess[str]:
    """Run it; it may fail."""
    return subprocess.run([command(), *words], capture_output=True, text=True, check=False)


def template(values: Mapping[str, Any], folder: Path, chart: Path = CHART, kubernetes: str = NEWEST) -> Rendered:
    """Render a chart with these values as the release `watch` in the namespace `search`."""
    file = folder / "values.yaml"
    file.write_text(yaml.safe_dump(dict(values)))
    done = helm("template", "watch", str(chart), "--namespace", "search", "--values", str(file), "--kube-version", kubernetes)
    if done.returncode:
        return Rendered([], done.stderr)
    return Rendered([one for one in yaml.safe_load_all(done.stdout) if one])


def main() -> None:
    """Build one, unless there is one: `python -m tests.support.helm fetch`."""
    if sys.argv[1:] != ["fetch"]:
        sys.exit("usage: python -m tests.support.helm fetch")
    try:
        command()
    except UnavailableError:
        go = shutil.which("go") or sys.exit("helm: there is no Go to build it with")
        subprocess.run([go, "install", MODULE], env={**os.environ, "GOBIN": str(built().parent)}, check=True)


if __name__ == "__main__":
    main()
