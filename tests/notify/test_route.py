"""Who gets an incident."""

from agent.notify.route import Route, receivers_of
from tests.notify.examples import incident

EVERY = ("chat", "pager")


def test_no_routes_tell_every_receiver() -> None:
    """Without routes, whoever is configured is told."""
    assert receivers_of(incident(), [], EVERY) == EVERY


def test_first_match_wins() -> None:
    """A later route that matches too is not asked."""
    routes = [Route(match={"language": ("ja", "ko")}, receivers=("chat",)), Route(receivers=("pager",))]
    assert receivers_of(incident(language="ko"), routes, EVERY) == ("chat",)
    assert receivers_of(incident(language="de"), routes, EVERY) == ("pager",)


def test_continue_goes_on_to_the_next_match() -> None:
    """With `continue` the next matching route adds its receivers, each once."""
    routes = [Route(receivers=("chat",), continue_=True), Route(receivers=("pager", "chat")), Route(receivers=("mail",))]
    assert receivers_of(incident(), routes, EVERY) == ("chat", "pager")


def test_all_conditions_of_a_route_must_hold() -> None:
    """Two conditions are an and."""
    routes = [Route(match={"severity": ("critical",), "language": ("ko",)}, receivers=("pager",))]
    assert receivers_of(incident(severity="warning"), routes, EVERY) == ()
    assert receivers_of(incident(severity="critical"), routes, EVERY) == ("pager",)


def test_match_re_is_a_full_match() -> None:
    """A pattern has to cover the whole value."""
    routes = [Route(match_re={"service": "help|docs-.*"}, receivers=("chat",))]
    assert receivers_of(incident(service="docs-eu"), routes, EVERY) == ("chat",)
    assert receivers_of(incident(service="help-internal"), routes, EVERY) == ()


def test_not_excludes() -> None:
    """A value under `not` keeps the incident away."""
    routes = [Route(not_={"environment": ("staging",)}, receivers=("chat",))]
    assert receivers_of(incident(environment="staging"), routes, EVERY) == ()
    assert receivers_of(incident(environment="prod"), routes, EVERY) == ("chat",)


def test_class_is_matched_under_its_json_name() -> None:
    """`class` in a route is the incident's class."""
    routes = [Route(match={"class": ("change",)}, receivers=("chat",))]
    assert receivers_of(incident(), routes, EVERY) == ("chat",)


def test_no_route_matching_tells_nobody() -> None:
    """Routes that all refuse are a decision, not an accident."""
    assert receivers_of(incident(), [Route(match={"language": ("lo",)}, receivers=("chat",))], EVERY) == ()


def test_a_field_that_is_not_there_is_empty() -> None:
    """An incident without a rule matches no rule's name."""
    assert receivers_of(incident(rule=None), [Route(match_re={"rule": ".+"}, receivers=("chat",))], EVERY) == ()
