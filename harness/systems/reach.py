"""Whether an address of the statement's own is served, as a client outside of the cluster sees it."""

from harness.model.budgets import ANNOUNCEMENT
from harness.model.expectations import Request
from harness.probes.http import HttpProbe
from harness.probes.waiting import eventually


def answers_at(address: str, port: int = 80) -> str:
    """Wait until an echo backend answers there, and return which pod it is."""
    __tracebackhide__ = True
    probe = HttpProbe(address, port)

    def look() -> str:
        exchange = probe.send(Request("/", host="reach.example.com"))
        assert exchange.identity is not None, f"no backend answers: {exchange!r}"
        return exchange.identity.pod

    return eventually(look, within=ANNOUNCEMENT, expected=f"a backend answers at {address}:{port}")
