"""Which service needs which."""

from __future__ import annotations

from agent.core.graph import Graph
from agent.core.model import Service


def service(name: str, *needs: str, sign_in: bool = False) -> Service:
    return Service(id=name, name_id=name, name_en=name, needs=needs, sign_in=sign_in)


GRAPH = Graph(
    [
        service("print", "allocation"),
        service("allocation", "payment", "login"),
        service("payment", "billing"),
        service("billing"),
        service("login", sign_in=True),
    ]
)


def test_the_most_upstream_comes_first_however_the_services_are_listed():
    assert GRAPH.upstream("print") == ("billing", "payment", "login", "allocation")


def test_downstream_is_all_that_leans_on_a_service():
    assert set(GRAPH.downstream("billing")) == {"payment", "allocation", "print"}
    assert GRAPH.downstream("print") == ()


def test_what_two_needs_share_is_named_once():
    graph = Graph([service("a"), service("b", "a"), service("c", "a"), service("d", "b", "c")])
    assert graph.upstream("d") == ("a", "b", "c")


def test_a_service_unknown_here_leans_on_nothing():
    assert GRAPH.upstream("elsewhere") == GRAPH.downstream("elsewhere") == ()


def test_sign_ins_are_known():
    assert GRAPH.sign_ins() == ("login",)
