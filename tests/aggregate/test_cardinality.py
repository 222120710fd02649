"""A dimension has a bounded number of values, and every replica has the same ones."""

from hypothesis import given
from hypothesis import strategies as st

from agent.aggregate.cardinality import LIMITS, OTHER, Admission, Dimensions
from agent.records import Event
from tests.aggregate.builders import event

SMALL = dict.fromkeys(LIMITS, 2)
SERVICES = st.lists(st.sampled_from(["a", "b", "c", "d", ""]), max_size=12)


def services(admission: Admission, names: list[str]) -> list[str]:
    """Under which service each of these is counted."""
    return [admission.of(Event("e", 0, service=name)).service for name in names]


def test_the_first_values_are_let_in() -> None:
    """Up to the limit values keep their name, further ones are `__other__`, and those that are in stay in."""
    admission = Admission(SMALL)
    assert services(admission, ["a", "b", "c", "a", "d", "b"]) == ["a", "b", OTHER, "a", OTHER, "b"]
    assert admission.turned_away == 2


def test_engines_are_let_in_like_other_values() -> None:
    """They have a limit of their own, are written to the store once, and known after a restart; none named is none."""
    admission = Admission(SMALL)
    assert [admission.engine(name) for name in (None, "a", "b", "", "c", "a")] == ["", "a", "b", "", OTHER, "a"]
    assert (admission.turned_away, admission.fresh()) == (1, [("translation_engine", "a"), ("translation_engine", "b")])
    restarted = Admission(SMALL)
    restarted.load(admission.fresh())
    assert [restarted.engine(name) for name in ("b", "c")] == ["b", OTHER]


def test_no_value_takes_no_place() -> None:
    """An event that does not say who asked needs no admission."""
    admission = Admission(SMALL)
    assert services(admission, ["", "a", "b", ""]) == ["", "a", "b", ""]
    assert Admission(SMALL).of(Event("e", 0)) == Dimensions("", "", "", "", "")
    assert admission.turned_away == 0


def test_each_dimension_has_its_own_limit() -> None:
    """A flood of versions leaves the other dimensions alone."""
    admission = Admission(SMALL)
    versions = [admission.of(event(index_version=f"v{n}")) for n in range(4)]
    assert [(found.service, found.index_version) for found in versions] == [
        ("help", "v0"),
        ("help", "v1"),
        ("help", OTHER),
        ("help", OTHER),
    ]
    assert admission.turned_away == 2


def test_new_values_are_fresh_until_they_are_saved() -> None:
    """Each admitted value is given to the store once; what came in while it was written stays fresh."""
    admission = Admission(SMALL)
    services(admission, ["a", "a"])
    writing = admission.fresh()
    services(admission, ["b", "c"])
    assert writing == [("service", "a")]
    admission.saved(iter(writing))
    assert admission.fresh() == [("service", "b")]
    admission.saved(admission.fresh())
    assert admission.fresh() == []


def test_values_from_the_store_are_in_and_not_fresh() -> None:
    """A restart knows what was admitted before, counts it against the limit, and lets in what another replica admitted."""
    admission = Admission(SMALL)
    assert services(admission, ["x", "y", "z"]) == ["x", "y", OTHER]
    restarted = Admission(SMALL)
    restarted.load([*admission.fresh(), ("a dimension of a later version", "v")])
    assert services(restarted, ["z", "y", "x"]) == [OTHER, "y", "x"]
    assert restarted.fresh() == []
    restarted.load([("service", "z")])
    assert services(restarted, ["z"]) == ["z"]


@given(SERVICES, SERVICES)
def test_a_restart_decides_alike(before: list[str], after: list[str]) -> None:
    """Whoever has loaded what was admitted goes on exactly as the one who admitted it."""
    one, other = Admission(SMALL), Admission(SMALL)
    services(one, before)
    other.load(one.fresh())
    assert services(other, after) == services(one, after)
    assert len({name for name in services(one, before + after) if name not in {"", OTHER}}) <= 2
