"""Requests sent to a controller, and what came of them."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby
from time import monotonic, sleep

import httpx
import msgspec

from harness.cluster.steps import Steps
from harness.migration.answers import Answer, answer_of, lasting, masked, together
from harness.migration.reading import Routes
from harness.migration.requests import Derived
from harness.migration.routes import Limited, aliases_by_host, covers, hosts_of, limited_hosts, short_annotations, with_aliases
from harness.model.errors import StatementFailed, Unanswered
from harness.model.http_exchange import Exchange, Request
from harness.model.record import Record, recording
from harness.probes.http import HttpProbe
from harness.probes.websocket import UPGRADE
from harness.probes.websocket import exchange as web_socket

#: Annotations in which somebody may name variables of nginx.
OWN_WORDS = frozenset(("configuration-snippet", "server-snippet", "auth-snippet", "custom-headers", "auth-proxy-set-headers"))
#: Seconds for an answer: ingress-nginx waits three times for a backend that is too slow, five seconds each where that is asked for.
TIMEOUT = 25.0
#: Hosts that are asked at a time, and requests to one of them where these are to meet the limit of a rate.
AT_A_TIME, AT_ONCE = 4, 8
RATES = frozenset(("limit-rps", "limit-rpm"))
#: The most seconds that the requests take by which a canary's share is seen where they are sent as slowly as a limit asks for.
PACED = 20.0
#: What is said of a request that no client could send.
UNSENDABLE = "it cannot be sent"
#: Seconds between two lines about how far it is.
PROGRESS = 10.0


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends requests about some routes to the address of a controller."""

    address: str
    routes: Routes
    steps: Steps

    def send_all(self, derived: Sequence[Derived]) -> list[Answer]:
        """The answers to all requests, in their order. Several hosts are asked at a time, and each in order, as are those that are
        limited together: what one host limits or shares out, no other one's requests change.
        """
        done, limits = _Progress(self.steps, len(derived)), self._limits(set(map(_whose, derived)))
        together_with = {host: min(limit.hosts) if limit else host for host, limit in limits.items()}
        # what meets a limit comes last
        numbered = sorted(enumerate(derived), key=lambda one: (together_with[_whose(one[1])], one[1].times))
        answers: list[Answer] = [Answer()] * len(derived)
        by_chance = self._by_chance()

        def of_host(group: list[tuple[int, Derived]]) -> None:
            for number, one in group:
                limit = limits[_whose(one)]
                pause = limit.pause if limit else 0.0
                sleep(pause)
                answers[number] = self._ask_returning(one, pause) if one.pods else together(self._ask_often(one, pause))
                if one.times == 1 and any(covers(pattern, _whose(one)) for pattern in by_chance):
                    sleep(pause)
                    answers[number] = lasting(answers[number], self._ask(one.request))
                done.one_more()

        groups = [list(group) for _, group in groupby(numbered, key=lambda one: together_with[_whose(one[1])])]
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            list(pool.map(of_host, groups))
        return answers

    def _limits(self, hosts: Iterable[str]) -> dict[str, Limited | None]:
        """The limit of each host: that of the rules by which it is served."""
        items = self.routes.in_order
        limited, named = limited_hosts(items), with_aliases((one for item in items for one in hosts_of(item)), aliases_by_host(items))
        serving = {host: next((one for one in (host, f"*.{host.partition('.')[2]}") if one in named), "") for host in hosts}
        return {host: next((one for one in limited if pattern in one.hosts), None) for host, pattern in serving.items()}

    def _ask_often(self, one: Derived, pause: float) -> list[Answer]:
        """Ask as often as a request is to be sent; what is to meet the limit of a rate at once, so that a slow machine does.

        What is about something else is sent as slowly as the host's limit asks for, where that does not take too long: a limit that is so
        low is met by it on any machine.
        """
        if not RATES.intersection(one.about):
            pace = pause if pause * one.times <= PACED else 0.0
            return [self._ask_after(pace, one.request) for _ in range(one.times)]
        with ThreadPoolExecutor(min(one.times, AT_ONCE)) as pool:
            return list(pool.map(lambda _: self._ask(one.request), range(one.times)))

    def _ask_after(self, pause: float, request: Request) -> Answer:
        sleep(pause)
        return self._ask(request)

    def _by_chance(self) -> set[str]:
        """The hosts of which somebody says in nginx's own words what is sent: these may say something else every time."""
        saying = [item for item in self.routes.in_order if OWN_WORDS.intersection(short_annotations(item))]
        settings = {key for data in self.routes.config_maps.values() for key in data}
        of_all = {""} if any(key.endswith(("-snippet", "-headers")) for key in settings) else set()
        by_host = aliases_by_host(self.routes.in_order)
        return of_all.union(*(map(str.lower, with_aliases(hosts_of(item), by_host)) for item in saying))

    def _ask_returning(self, one: Derived, pause: float) -> Answer:
        """Ask as a client that keeps its cookies, and count the Pods that answer it."""
        answers: list[Answer] = []
        came: list[Exchange] = []
        pods, kept = set(), httpx.Cookies()
        for _ in range(one.times):
            sleep(pause)
            try:
                asked = httpx.Request("GET", f"{one.request.scheme}://{one.request.host}{one.request.target}")
            except (httpx.InvalidURL, ValueError):  # of a host or a path that an input may have
                return Answer(fault=UNSENDABLE)
            kept.set_cookie_header(asked)
            sent = replace(one.request, headers=(*one.request.headers, *(("Cookie", text) for text in asked.headers.get_list("cookie"))))
            answers.append(self._ask(sent, came))
            for exchange in came[-1:]:
                kept.extract_cookies(httpx.Response(exchange.status, headers=list(exchange.headers), request=asked))
                pods |= {exchange.identity.pod} if exchange.identity else set()
        return msgspec.structs.replace(together(answers), pods=len(pods))

    def _ask(self, request: Request, came: list[Exchange] | None = None) -> Answer:
        port = 443 if request.scheme == "https" else 80
        with recording(Record()):  # which is kept for nobody: there may be thousands
            try:
                if set(UPGRADE) <= set(request.headers):
                    exchange = web_socket(self.address, port, request)
                else:
                    exchange = HttpProbe(self.address, port, timeout=TIMEOUT).send(request)
                if came is not None:
                    came.append(exchange)
                return answer_of(exchange)
            except (Unanswered, StatementFailed) as fault:
                found = fault.last if isinstance(fault, StatementFailed) else str(fault).rpartition(": ")[2]
                return Answer(fault=masked(str(found)))
            except (httpx.LocalProtocolError, httpx.InvalidURL, ValueError):  # of a host or a path that an input may have
                return Answer(fault=UNSENDABLE)


class _Progress:
    """Says now and then how many requests are answered."""

    def __init__(self, steps: Steps, total: int) -> None:
        self.steps, self.total, self.number, self.said = steps, total, 0, monotonic()

    def one_more(self) -> None:
        """Another one is answered."""
        self.number += 1
        if monotonic() - self.said > PROGRESS:
            self.said = monotonic()
            self.steps.tell(f"{self.number} of {self.total} requests are answered")


def _whose(one: Derived) -> str:
    return (one.request.host or "").lower().partition(":")[0]
