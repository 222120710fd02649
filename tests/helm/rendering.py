"""The chart, the notes and the example of a sidecar as Helm renders them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tests.support import helm
from tests.support.helm import CHART, Manifest, Rendered

ROOT: Final = CHART.parents[1]
SERVER: Final = {"store": {"clickhouse": {"url": "https://clickhouse:8443"}}}
Render = Callable[..., Rendered]


def pod(rendered: Rendered) -> Manifest:
    """The template of the Deployment's pods."""
    found: Manifest = rendered.the("Deployment")["spec"]["template"]
    return found


def container(rendered: Rendered) -> Manifest:
    """Its only container."""
    [found] = pod(rendered)["spec"]["containers"]
    return dict(found)


def copied(chart: Path, folder: Path) -> Path:
    """The example beside the chart it depends on, where a build may write."""
    for source in (chart, CHART):
        target = folder / source.relative_to(ROOT)
        for file in source.rglob("*"):
            if file.is_file() and "charts" not in file.parts:
                (target / file.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
                (target / file.relative_to(source)).write_bytes(file.read_bytes())
    return folder / chart.relative_to(ROOT)


def notes(values: Mapping[str, Any], folder: Path) -> str:
    """What is said after an installation: Helm shows it only beside a cluster, so here it is a manifest."""
    chart = copied(CHART, folder)
    (chart / "templates" / "NOTES.txt").rename(chart / "said")
    (chart / "templates" / "said.yaml").write_text('kind: Notes\nsaid: {{ tpl (.Files.Get "said") . | quote }}\n')
    return str(helm.template(values, folder, chart).the("Notes")["said"])


def sidecar(folder: Path) -> Rendered:
    """The example of a service's chart that depends on this one."""
    chart = copied(ROOT / "examples" / "sidecar", folder)
    done = helm.helm("dependency", "build", str(chart))
    assert done.returncode == 0, done.stderr
    return helm.template({}, folder, chart)
