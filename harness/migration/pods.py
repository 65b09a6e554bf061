"""How many Pods stand behind a Service of somebody's own."""

from collections.abc import Collection

from harness.migration.reading import Key, Routes, annotations_of, key_of
from harness.migration.routes import NGINX, backends_of
from harness.model.errors import UsageFault

#: The most that a Service has, and the annotations that are about which of them answers.
MOST, CHOSEN = 3, ("affinity", "upstream-hash-by", "load-balance")
#: The Pods that the node of a cluster has room for, besides those of the systems.
ROOM = 200


def pods_behind(routes: Routes, services: Collection[Key]) -> dict[Key, int]:
    """The Pods behind each of the Services that the routes name: as many as the input says, as far as the node has room for those of all.

    Those of a namespace that have as many share them. Where the input does not say it is one, or two where it shows which one answers.

    :raises UsageFault: there is no room for one of each namespace
    """
    chosen = {
        (key_of(item)[0], str(one["name"]))
        for item in routes.in_order
        if any(f"{NGINX}{short}" in annotations_of(item) for short in CHOSEN)
        for one in backends_of(item)
    }
    said = {key: routes.pods_of(key) for key in services}
    wanted = {key: number if number is not None else 2 if key in chosen else 1 for key, number in said.items()}
    for most in range(MOST, 0, -1):
        found = {key: min(number, most) for key, number in wanted.items()}
        if sum(number for _, number in {(namespace, number) for (namespace, _), number in found.items()}) <= ROOM:
            return found
    namespaces = len({namespace for namespace, _ in services})
    raise UsageFault(f"routes to Services of at most {ROOM} namespaces", str(namespaces), "give fewer of them at a time")
