"""Events about an object (https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/)."""

from dataclasses import dataclass

from harness.cluster.api import Api, Object
from harness.model.budgets import EVENT
from harness.model.errors import Unanswered
from harness.probes.waiting import eventually


@dataclass(frozen=True, slots=True)
class Events:
    """The events about one object.

    :param uid: of the object, where it is known: another one of the same name may have been there before
    """

    api: Api
    kind: str
    name: str
    namespace: str
    uid: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    def current(self, reason: str | None = None, *, type_: str | None = None) -> list[Object]:
        """Those that are there, of one reason or of all, and of one type (``Normal``, ``Warning``) or of both."""
        about = {"kind": self.kind, "name": self.name, **({"uid": self.uid} if self.uid else {})}
        found = self.api.list("Event", self.namespace, fields=",".join(f"involvedObject.{key}={value}" for key, value in about.items()))
        return [event for event in found if reason in (None, event["reason"]) and type_ in (None, event.get("type"))]

    def wait_for(self, reason: str | None, message: str = "", *, type_: str | None = None) -> str:
        """Wait for an event of this reason, or of any, whose message contains a text, and return the whole message."""
        __tracebackhide__ = True

        def poll() -> str:
            messages = [str(one["message"]) for one in self.current(reason, type_=type_)]
            if not messages:
                raise Unanswered(f"no {event} about {self}")
            assert any(message in text for text in messages), "; ".join(messages)
            return next(text for text in messages if message in text)

        event = f"event {reason}" if reason else "event"
        expected = f"an {event} about {self}" + (f" that says {message!r}" if message else "")
        return eventually(poll, within=EVENT, expected=expected, pause=self.api.changed("Event", self.namespace))

    def count(self, reason: str, message: str = "") -> int:
        """How often events of a reason that contain a text were written; Kubernetes adds up repetitions in one object."""
        found = [event for event in self.current(reason) if message in str(event.get("message", ""))]
        return sum(int(event.get("count") or (event.get("series") or {}).get("count") or 1) for event in found)
