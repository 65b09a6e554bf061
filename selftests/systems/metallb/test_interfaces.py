"""Further interfaces of a node: who listens and answers on them, by an engine that runs nothing."""

from contextlib import suppress

import pytest

from harness.cluster import engine
from harness.model.errors import StatementFailed, Unanswered
from harness.systems.metallb.interfaces import AILING, SEND, Interface, Interfaces

SOCKETS = """\
sk               RefCnt Type Proto  Iface R Rmem   User   Inode
000000001f2a1e6d 3      3    0806   7     1 0      0      81234
00000000a9c1d0f3 3      3    86dd   8     1 0      0      81235
"""


@pytest.mark.parametrize(("index", "listened"), [("7", True), ("8", False), ("70", False)])
def test_listeners_for_arp(index: str, listened: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"/proc/net/packet": SOCKETS, "/sys/class/net/cable/ifindex": f"{index}\n"}
    monkeypatch.setattr(engine, "docker", lambda *words: told[words[-1]])
    interface = Interface("node", "cable")
    if listened:
        assert interface.expect_listener() == f"interface {index}"
    else:
        with pytest.raises(Unanswered, match=f"interface {index}"):
            interface.expect_listener()


class Node:
    """The engine, with a node on whose interface somebody answers, and listens, or not."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, answered: bool = True, listened: bool = True) -> None:
        self.words: list[tuple[str, ...]] = []
        self.neighbours = "192.0.2.1 lladdr 02:00:00:00:00:01 REACHABLE" if answered else ""
        self.index = "7" if listened else "9"
        self.links = ""
        monkeypatch.setattr(engine, "docker", self.docker)

    def docker(self, *words: str) -> str:
        self.words.append(words)
        if SEND in words:
            return self.neighbours
        return {"/proc/net/packet": SOCKETS, "/sys/class/net/t1/ifindex": f"{self.index}\n", "link": self.links}.get(words[-1], "")


def test_an_address_is_answered_for_on_an_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    Node(monkeypatch)
    Interface("one", "t1").wait_until_announced("192.0.2.1")
    with pytest.raises(StatementFailed, match=r"nobody answers for 192\.0\.2\.1 on the interface t1 of one\nlast: *one does"):
        Interface("one", "t1").consistently_silent("192.0.2.1")


@pytest.mark.usefixtures("short")
def test_an_address_is_not_answered_for_on_an_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    Node(monkeypatch, answered=False)
    Interface("one", "t1").consistently_silent("192.0.2.1")
    with pytest.raises(StatementFailed, match=r"one answers for 192\.0\.2\.1 on its interface t1\nlast: *nobody answers"):
        Interface("one", "t1").wait_until_announced("192.0.2.1")


def test_an_interface_is_there_once_its_speaker_listens_and_goes_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node(monkeypatch)
    interfaces = Interfaces("t1")
    assert interfaces.add("one").name == "t1"
    interfaces.close()
    assert node.words[0][-3:] == ("netns", "add", "t1")
    assert node.words[-1][-3:] == ("netns", "delete", "t1")


@pytest.mark.usefixtures("short")
def test_an_interface_that_no_speaker_listens_on_is_told_and_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node(monkeypatch, listened=False)
    interfaces = Interfaces("t1")
    with pytest.raises(StatementFailed, match=r"the speaker of one listens for ARP on its new interface t1"):
        interfaces.add("one")
    interfaces.close()
    assert node.words[-1][-3:] == ("netns", "delete", "t1")


def test_an_interface_that_ails_is_made_and_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node(monkeypatch)
    interfaces = Interfaces("t1")
    interfaces.add_ailing("one", "without carrier")
    interfaces.close()
    assert [" ".join(words[3:]) for words in node.words] == ["link add t1x type veth peer name t1xp", "link set t1x up", "link delete t1x"]


@pytest.mark.parametrize("ails", AILING)
def test_every_ailment_makes_an_interface_of_the_name(ails: str) -> None:
    assert AILING[ails][0].startswith("link add {0} ")


def test_an_interface_is_down_inside_of_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node(monkeypatch)
    with suppress(RuntimeError), Interface("one", "t1").down():
        assert node.words[-1][-2:] == ("t1", "down")
        raise RuntimeError
    assert node.words[-1][-2:] == ("t1", "up")


def test_a_cable_is_laid_anew_once_the_former_one_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node(monkeypatch)
    Interface("one", "t1").remake()
    deleted, looked, made, *_ = [words[2:] for words in node.words]
    assert deleted == ("ip", "netns", "delete", "t1")
    assert looked == ("ip", "-oneline", "link")
    assert made == ("ip", "netns", "add", "t1")


@pytest.mark.usefixtures("short")
def test_a_cable_that_does_not_go(monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node(monkeypatch)
    node.links = "7: t1@if2: <UP>"
    with pytest.raises(StatementFailed, match=r"one has no interface t1 any more\nlast: *7: t1@if2"):
        Interface("one", "t1").remake()


@pytest.mark.usefixtures("short")
def test_whether_a_speaker_has_left_an_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    Node(monkeypatch, listened=False)
    Interface("one", "t1").wait_until_unused()
    Node(monkeypatch)
    with pytest.raises(StatementFailed, match=r"does not listen on its interface t1\nlast: *it listens on interface 7"):
        Interface("one", "t1").wait_until_unused()
