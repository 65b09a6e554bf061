"""Routes after which a controller serves nothing new: its configuration no longer loads, or it goes down. They are found by halves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic


@dataclass(slots=True)
class Search:
    """Looks for the routes of tests that keep everybody else's from being served.

    :param put: applies the routes of a test
    :param aside: takes them away
    :param served: whether a route that is made now comes to be served; one that was made before would be served by what was loaded before
    :param until: when the search ends (clock of ``time.monotonic``)
    :ivar culprits: the tests after whose routes nothing new was served
    :ivar suspects: the tests that the time, or the controller, did not suffice for
    """

    put: Callable[[str], None]
    aside: Callable[[str], None]
    served: Callable[[], bool]
    until: float
    culprits: list[str] = field(default_factory=list)
    suspects: list[str] = field(default_factory=list)

    def among(self, tests: Sequence[str]) -> None:
        """Put back the routes of these tests that do no harm."""
        if not tests:
            return
        if monotonic() >= self.until:
            self.suspects += tests
            return
        for test in tests:
            self.put(test)
        if self.served():
            return
        for test in tests:
            self.aside(test)
        if not self.served():  # it does not come back, and would make culprits of all others
            self.until = monotonic()
        if len(tests) == 1:
            self.culprits += tests
            return
        half = len(tests) // 2
        self.among(tests[:half])
        self.among(tests[half:])
