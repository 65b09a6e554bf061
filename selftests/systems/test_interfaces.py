"""Whether somebody listens on an interface, as the kernel of a node tells it."""

import pytest

from harness.cluster import engine
from harness.model.errors import Unanswered
from harness.systems.metallb.interfaces import Interface

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
