"""An edited configuration is taken up by a running agent, with real files and a clock that moves when told to; a bad one is not."""

import logging
import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from agent import parts
from agent.clock import FakeClock
from agent.config.configuration import load
from agent.config.settings import Settings
from agent.configured import Configured
from agent.errors import Misconfigured
from agent.renewal import EVALUATED_BY, Renewal
from agent.runtime.reload import EVERY, Reload, Taken, at_once, changed, digest, in_force
from tests.runtime.rig import NOW

RULES = "rules:\n  - {{name: drop, kind: drop, threshold: {}}}\n"
SLACK = "notify: {receivers: {chat: {type: slack, webhook_url_file: hook}}}\n"
MUTES = "mutes:\n  - match: {language: [ko]}\n    reason: known\n"


class Folder:
    """A working folder with a configuration, and the reload of an agent that was started in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = FakeClock(NOW)
        self.write("babelwatch.yaml", "rules: [rules.yaml]\nnotify: {mutes: mutes.yaml, templates: templates}\n")
        self.write("rules.yaml", RULES.format(3))
        self.write("mutes.yaml", "mutes: []\n")
        self.path.joinpath("templates").mkdir()
        self.told: list[Misconfigured | None] = []
        self.reload = Reload(
            Configured(self.settings()).read(),
            read=self.settings,
            make=lambda settings: Configured(settings).read(),
            files_of=lambda settings: [Path("babelwatch.yaml"), *parts.files(settings)],
            told=self.told.append,
            now=NOW,
        )

    def settings(self) -> Settings:
        """What is written."""
        return load(Path("babelwatch.yaml"), {})

    def write(self, name: str, text: str) -> None:
        """Edit a file."""
        self.path.joinpath(name).write_text(text, encoding="utf-8")

    def later(self, seconds: float = 10) -> frozenset[str]:
        """What took effect after a while."""
        self.clock.advance(timedelta(seconds=seconds))
        return self.reload.look(self.clock.now())

    @property
    def thresholds(self) -> list[float]:
        """Of the rules that are in force."""
        return [getattr(rule, "threshold", 0) for rule in self.reload.in_force().rules]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Folder:
    """A configuration that is right."""
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.INFO, "agent.runtime.reload")
    return Folder(tmp_path)


def test_an_edited_rule_is_taken_up_within_ten_seconds(folder: Folder) -> None:
    """Once; files are not looked at more often."""
    folder.write("rules.yaml", RULES.format(5))
    assert folder.later(9) == frozenset()
    assert folder.thresholds == [0.03]
    assert folder.later(1) == {"rules"}
    assert folder.thresholds == [0.05]
    assert folder.later() == frozenset()
    assert folder.told == [None]


def test_what_is_touched_and_says_the_same_changes_nothing(folder: Folder) -> None:
    """The content counts, not the time of the file; another wording of the same rules begins nothing anew."""
    os.utime(folder.path / "rules.yaml", (0, 0))
    assert (folder.later(), folder.told) == (frozenset(), [])
    folder.write("rules.yaml", "# a comment\n" + RULES.format(3))
    assert (folder.later(), folder.told) == (frozenset(), [None])


BROKEN = {
    "rules.yaml": ("rules:\n  - {name: drop, kind: drop, treshold: 5}\n", "rules.yaml:2: rules.0.treshold: expected one of "),
    "mutes.yaml": ("mutes:\n  - match: {language: [ko]}\n", "mutes.yaml:2: mutes.0.reason: expected text, found nothing"),
    "babelwatch.yaml": ("notfy: {}\n", "babelwatch.yaml:1: notfy: expected a known key, found 'notfy' (did you mean notify?)"),
}


@pytest.mark.parametrize("file", BROKEN)
def test_a_bad_file_keeps_the_old_set_and_says_so(folder: Folder, caplog: pytest.LogCaptureFixture, file: str) -> None:
    """File, key, what was expected; once for each content. When it is mended the rest is taken up too."""
    text, message = BROKEN[file]
    before = folder.path.joinpath(file).read_text()
    folder.write(file, text)
    for _ in range(3):
        assert folder.later() == frozenset()
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert message in caplog.text
    assert (folder.thresholds, len(folder.told)) == ([0.03], 1)
    folder.write("rules.yaml", RULES.format(7))
    if file != "rules.yaml":
        assert folder.later() == frozenset()
        folder.write(file, before)
    assert folder.later() == {"rules"}
    assert (folder.thresholds, folder.told[-1]) == ([0.07], None)


def test_every_mistake_is_told_at_once(folder: Folder) -> None:
    """Of all files that the settings name."""
    folder.write("rules.yaml", BROKEN["rules.yaml"][0])
    folder.write("mutes.yaml", BROKEN["mutes.yaml"][0])
    with pytest.raises(Misconfigured) as caught:
        folder.reload.reload()
    assert [mistake.file for mistake in caught.value.mistakes] == ["rules.yaml:2", "mutes.yaml:2"]


def test_a_file_that_is_named_anew_is_watched_before_it_is_right(folder: Folder) -> None:
    """Settings that name a file which is not there yet are taken up when it comes."""
    folder.write("babelwatch.yaml", "rules: [rules.yaml, more.yaml]\n")
    assert folder.later() == frozenset()
    assert len(folder.thresholds) == 1
    folder.write("more.yaml", "rules: [{name: low, kind: low}]\n")
    assert folder.later() == {"rules", "notify.mutes", "notify.templates"}
    assert len(folder.thresholds) == 2


def test_mutes_and_templates_are_watched(folder: Folder) -> None:
    """A template that is added, edited or taken away, and the file of mutes."""
    folder.write("mutes.yaml", MUTES)
    assert folder.later() == {"notify.mutes"}
    assert [mute.match for mute in folder.reload.in_force().mutes] == [{"language": ("ko",)}]
    for text in ("a", "b"):
        folder.write("templates/firing.txt.j2", text)
        assert folder.later() == {"notify.templates"}
    folder.path.joinpath("templates", "firing.txt.j2").unlink()
    assert folder.later() == {"notify.templates"}


def test_a_secret_that_is_replaced_is_taken_up(folder: Folder) -> None:
    """Its file is one of those that are watched."""
    folder.write("hook", "https://hooks.example/1\n")
    folder.write("babelwatch.yaml", SLACK)
    assert "notify.receivers" in folder.later()
    folder.write("hook", "https://hooks.example/2\n")
    assert folder.later() == {"notify.receivers"}


def test_files_that_are_links_are_followed(folder: Folder) -> None:
    """A mounted folder is swapped as a whole: the name stays, what it leads to is another."""
    for number in (3, 8):
        folder.path.joinpath(f"..{number}").mkdir()
        folder.write(f"..{number}/rules.yaml", RULES.format(number))
    folder.path.joinpath("..data").symlink_to("..3")
    folder.path.joinpath("rules.yaml").unlink()
    folder.path.joinpath("rules.yaml").symlink_to("..data/rules.yaml")
    assert folder.later() == frozenset()
    folder.path.joinpath("..next").symlink_to("..8")
    folder.path.joinpath("..next").rename(folder.path / "..data")
    assert folder.later() == {"rules"}
    assert folder.thresholds == [0.08]


def test_what_takes_a_start_is_said_once_and_stops_nothing(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    """The other changes of the same edit are in force; k is counted, and so begins with a start."""
    folder.write("babelwatch.yaml", "rules: [rules.yaml]\nweb: {port: 9}\nquality: {k: 5, hit_threshold: {default: 0.4}}\n")
    taken = folder.reload.reload()
    assert taken == Taken(("quality.hit_threshold", "notify.mutes", "notify.templates"), ("quality.k", "web.port"))
    known = folder.reload.in_force()
    assert (known.settings.web.port, known.quality.k, known.quality.hit_threshold.default) == (8080, 10, 0.4)
    assert folder.reload.reload() == Taken((), ("quality.k", "web.port"))
    later = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert later == [f"{name} was changed, and takes effect at the next start" for name in ("quality.k", "web.port")]


def test_a_signal_has_it_read_at_the_next_turn(folder: Folder) -> None:
    """Without waiting for the next look at the files, and also where none of them changed."""
    folder.write("rules.yaml", RULES.format(5))
    folder.reload.ask()
    assert folder.later(1) == {"rules"}
    folder.reload.ask()
    assert (folder.later(1), folder.told) == (frozenset(), [None, None])


def test_what_another_thread_took_up_is_heard_of_by_the_loop(folder: Folder) -> None:
    """The answer to a POST is given at once; what has to begin anew does so on the loop's own thread."""
    folder.write("rules.yaml", RULES.format(5))
    thread = threading.Thread(target=folder.reload.reload)
    thread.start()
    thread.join()
    assert folder.thresholds == [0.05]
    assert folder.later(0) == {"rules"}
    assert folder.later() == frozenset()


def test_settings_differ_by_name() -> None:
    """Two deep; secrets and texts of durations are compared by what they are."""
    one = Settings.model_validate({"notify": {"group_wait": "60s"}, "web": {"token": "a"}, "rules": ["default"]})
    same = Settings.model_validate({"notify": {"group_wait": "1m"}, "web": {"token": "a"}})
    other = Settings.model_validate({"web": {"token": "b"}, "rules": ["vanished"], "language": {"prior": {"en": 0.5}}})
    assert list(changed(one, same)) == []
    assert list(changed(one, other)) == ["language.prior", "rules", "notify.group_wait", "web.token"]
    assert [name for name in changed(one, other) if at_once(name)] == ["rules", "notify.group_wait"]
    merged = in_force(one, other)
    assert (merged.rules, merged.web, merged.language) == (other.rules, one.web, one.language)


def test_an_edited_schedule_of_reports_is_taken_up(folder: Folder) -> None:
    """Whoever asks for the plan at the next look has the new one; evaluation does not begin anew for it."""
    before = parts.reports(folder.reload.in_force().settings)
    folder.write("babelwatch.yaml", f"{SLACK}report: {{schedule: 0 9 * * tue, timezone: Europe/Berlin, receivers: [chat]}}\n")
    folder.write("hook", "https://hooks.example/1\n")
    assert {"report.schedule", "report.timezone", "report.receivers"} <= folder.later()
    plan = parts.reports(folder.reload.in_force().settings)
    assert (before.receivers, plan.receivers, str(plan.zone)) == ((), ("chat",), "Europe/Berlin")
    assert "report" not in EVALUATED_BY


def test_what_cannot_be_read_has_no_digest(tmp_path: Path) -> None:
    """It is another content than any that can, an empty one too."""
    tmp_path.joinpath("empty").touch()
    tmp_path.joinpath("loop").symlink_to("loop")
    assert digest(tmp_path / "away") == digest(tmp_path / "loop") == ""
    assert digest(tmp_path / "empty") != ""


class Heard:
    """Whoever tells: counts how often it was configured anew."""

    configured = 0

    def configure(self, _: object) -> None:
        """Once more."""
        self.configured += 1

    def look(self, _: object) -> None:
        """Nothing waits."""


def test_evaluation_begins_anew_only_where_it_has_to(folder: Folder) -> None:
    """New rules and receivers do it, and the watch over the agent itself is made again; mutes are asked each time."""
    begun, watched, desk = [0], [0], Heard()

    def begin() -> None:
        begun[0] += 1

    def new_watch() -> object:
        watched[0] += 1
        return lambda _: None

    renewal = Renewal(folder.reload, begin, new_watch, desk)  # type: ignore[arg-type]  # a twin of two methods
    for name, text, expected in (
        ("mutes.yaml", MUTES, (0, 1, 0)),
        ("rules.yaml", RULES.format(5), (1, 2, 0)),
        ("babelwatch.yaml", SLACK.replace("hook}}", "hook}}, group_wait: 1s"), (2, 3, 1)),
    ):
        folder.write("hook", "https://hooks.example/1\n")
        folder.write(name, text)
        folder.clock.advance(EVERY)
        renewal.turn(folder.clock.now())
        assert (begun[0], watched[0], desk.configured) == expected
