"""Answers without what chance has decided about them: two controllers that answer alike may have had another one decide."""

import msgspec

from harness.migration.answers import CHANCE, Answer
from harness.migration.chance import Chance
from harness.migration.requests import Derived


def without_chance(chance: Chance, one: Derived, answer: Answer) -> Answer:
    """An answer in which all backends stand, where chance decided between them: one asking says nothing about their shares.

    A client that keeps its cookies is as good as one: the first answer decides about all others.
    """
    host = (one.request.host or "").lower().partition(":")[0]
    shared = chance.between(host, one.request.headers)
    if among := chance.in_place(host, answer.backends, shared):
        return msgspec.structs.replace(_by_any(answer, among), pods=0, headers={**answer.headers, "set-cookie": CHANCE})
    if chance.any_pod.intersection(answer.backends):
        answer = msgspec.structs.replace(answer, pods=0)
    if not answer.backends or not set(answer.backends) <= shared:
        return answer
    if one.times > 1 and not one.pods:  # their shares are compared; a small one may be of none
        return msgspec.structs.replace(answer, pods=0, backends=tuple(sorted(shared)))
    if shared & chance.apart:
        answer = msgspec.structs.replace(answer, pods=0, headers={**answer.headers, "set-cookie": CHANCE})
    return _by_any(answer if "affinity" in one.about else msgspec.structs.replace(answer, pods=0), shared)


def _by_any(answer: Answer, among: frozenset[str]) -> Answer:
    """An answer of one of several backends as one of any of them."""
    served = {who: number for who, number in answer.served.items() if who not in among}
    served |= {min(among): sum(answer.served.values()) - sum(served.values())} if answer.served else {}
    return msgspec.structs.replace(answer, backends=tuple(sorted(among)), served=served)
