"""The Kubernetes API, as plain dictionaries, through the official client's dynamic half."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.cluster import pod_exec
from harness.cluster.changes import Changes, Pause
from harness.model.errors import EnvironmentFault
from harness.model.record import awaiting_answer

Object = dict[str, Any]

#: Who writes; server-side apply keeps our fields apart from those of others.
FIELD_MANAGER = "metallb-ingress-conformance"
#: Seconds for one request; the API server of a kind cluster answers in milliseconds unless it is gone.
REQUEST_TIMEOUT = 15

#: Where kind's API servers are.
LOOPBACK = ("127.0.0.1", "::1", "localhost")
#: How the API server begins when it passes on a webhook's refusal, or tells that it could not ask.
WEBHOOK = ('admission webhook "', "Internal error occurred: failed calling webhook ", "failed calling webhook ")

API_VERSIONS = {
    "ConfigMap": "v1",
    "DaemonSet": "apps/v1",
    "Deployment": "apps/v1",
    "EndpointSlice": "discovery.k8s.io/v1",
    "Event": "v1",
    "Ingress": "networking.k8s.io/v1",
    "IngressClass": "networking.k8s.io/v1",
    "Namespace": "v1",
    "Node": "v1",
    "Pod": "v1",
    "Secret": "v1",
    "Service": "v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
    "ValidatingWebhookConfiguration": "admissionregistration.k8s.io/v1",
    "IPAddressPool": "metallb.io/v1beta1",
    "L2Advertisement": "metallb.io/v1beta1",
    "ServiceL2Status": "metallb.io/v1beta1",
    "ConfigurationState": "metallb.io/v1beta1",
    "ServiceAccount": "v1",
    "ServiceBGPStatus": "metallb.io/v1beta1",
    "Community": "metallb.io/v1beta1",
    "BGPAdvertisement": "metallb.io/v1beta1",
    "BFDProfile": "metallb.io/v1beta1",
    "BGPPeer": "metallb.io/v1beta2",
    "ClusterRole": "rbac.authorization.k8s.io/v1",
    "ClusterRoleBinding": "rbac.authorization.k8s.io/v1",
    "Role": "rbac.authorization.k8s.io/v1",
    "RoleBinding": "rbac.authorization.k8s.io/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
}


class NotServed(EnvironmentFault):
    """The API server has no such kind."""


class Refused(Exception):
    """The API server, or a webhook behind it, refused a write: the HTTP status and the reason as told."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"HTTP {status}: {message}")
        self.status = status
        self.message = message


class Denied(Refused, AssertionError):
    """An admission webhook denied a write, or could not be asked: the word of a system under test, so what fails is the statement.

    A statement that expects it catches :class:`Refused` (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/).
    """


class Api:
    """One cluster's API, found by kubeconfig and context, both always explicit.

    :raises EnvironmentFault: (every method) the API server does not answer
    :raises Refused: (every method that writes) the API server said no; :class:`Denied` where it was a webhook
    """

    def __init__(self, kubeconfig: Path, context: str, cache: Path) -> None:
        self._kubeconfig = kubeconfig
        self._context = context
        self._cache = cache
        self._changes: dict[str, Changes] = {}

    @cached_property
    def _client(self) -> Any:
        from kubernetes import client, config
        from kubernetes.dynamic import DynamicClient

        configuration = client.Configuration()
        # The client writes certificates to files; a worker that is killed would leave them in the system's temporary folder.
        beside = str(self._cache.parent)
        config.load_kube_config(str(self._kubeconfig), self._context, configuration, persist_config=False, temp_file_path=beside)
        if urlsplit(configuration.host).hostname in LOOPBACK:  # for which the client takes HTTPS_PROXY from the environment, too
            configuration.proxy = None
        configuration.retries = False
        with _translating_faults():
            return DynamicClient(client.ApiClient(configuration), cache_file=str(self._cache))

    def _resource(self, kind: str, api_version: str | None = None) -> Any:
        with _translating_faults():
            return self._client.resources.get(api_version=api_version or API_VERSIONS[kind], kind=kind)

    def _call(self, method: str, kind: str, *words: Any, api_version: str | None = None, **options: Any) -> Any:
        resource = self._resource(kind, api_version)
        with _translating_faults():
            return getattr(resource, method)(*words, serializer=_plain, _request_timeout=REQUEST_TIMEOUT, **options)

    def apply(self, *documents: Object, dry_run: bool = False) -> list[Object]:
        """Apply objects server-side, in order, and return them as stored."""
        return [self._apply(document, dry_run=dry_run) for document in documents]

    def _apply(self, document: Object, *, dry_run: bool) -> Object:
        applied: Object = self._call(
            "server_side_apply",
            document["kind"],
            body=document,
            api_version=document["apiVersion"],
            namespace=document["metadata"].get("namespace"),
            field_manager=FIELD_MANAGER,
            force_conflicts=True,
            dry_run="All" if dry_run else None,
        )
        return applied

    def create(self, document: Object, *, dry_run: bool = False) -> Object:
        """Create one object; with ``generateName`` the server names it."""
        created: Object = self._call(
            "create",
            document["kind"],
            body=document,
            api_version=document["apiVersion"],
            namespace=document["metadata"].get("namespace"),
            field_manager=FIELD_MANAGER,
            dry_run="All" if dry_run else None,
        )
        return created

    def warnings(self, document: Object) -> list[str]:
        """Dry-run the creation of an object and return the warnings that the API server sends along (HTTP ``Warning`` headers)."""
        response = self._call(
            "create",
            document["kind"],
            body=document,
            namespace=document["metadata"].get("namespace"),
            api_version=document["apiVersion"],
            dry_run="All",
            serialize=False,
        )
        return [value for name, value in response.headers.items() if name.lower() == "warning"]

    def server_version(self) -> str:
        """The version of the API server, without what a distribution adds to it."""
        with _translating_faults():
            found = self._client.request("get", "/version", serializer=_plain, _request_timeout=REQUEST_TIMEOUT)
        return str(found["gitVersion"]).removeprefix("v").partition("+")[0]

    def get(self, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """One object, or nothing where it does not exist."""
        try:
            found: Object = self._call("get", kind, name=name, namespace=namespace)
        except Refused as refusal:
            if refusal.status == 404:
                return None
            raise
        return found

    def list(self, kind: str, namespace: str | None = None, *, labels: str | None = None, fields: str | None = None) -> list[Object]:
        """Every object of a kind, in one namespace or in all, narrowed by selectors."""
        found = self._call("get", kind, namespace=namespace, label_selector=labels, field_selector=fields)
        return list(found["items"])

    def changed(self, kind: str, namespace: str) -> Pause:
        """A pause between two polls of objects of a kind that ends early when one in the namespace changed."""
        if kind not in self._changes:
            self._changes[kind] = Changes(lambda: self._watch(kind))
        return self._changes[kind].pause(namespace)

    def _watch(self, kind: str) -> Iterable[bytes]:
        stream: Iterable[bytes] = self._resource(kind).get(watch=True, serialize=False, _request_timeout=(REQUEST_TIMEOUT, None)).stream()
        return stream

    def merge(self, kind: str, name: str, namespace: str | None, patch: Object, *, subresource: str | None = None) -> Object:
        """Merge-patch an object (https://www.rfc-editor.org/rfc/rfc7386): ``None`` removes a field."""
        options = {"body": patch, "name": name, "namespace": namespace, "content_type": "application/merge-patch+json"}
        resource = self._resource(kind)
        with _translating_faults():
            target = resource if subresource is None else getattr(resource, subresource)
            patched: Object = target.patch(serializer=_plain, _request_timeout=REQUEST_TIMEOUT, field_manager=FIELD_MANAGER, **options)
        return patched

    def delete(self, kind: str, name: str, namespace: str | None = None, *, grace: int | None = None) -> None:
        """Ask for the removal of an object; one that is not there is no error. ``grace`` in seconds."""
        try:
            self._call("delete", kind, name=name, namespace=namespace, grace_period_seconds=grace, propagation_policy="Background")
        except Refused as refusal:
            if refusal.status != 404:
                raise

    def delete_all(self, kind: str, namespace: str, labels: str = "") -> None:
        """Ask for the removal of every object of a kind in a namespace, or of those with these labels, in one request."""
        everything = f"metadata.namespace={namespace}"  # the client asks for a name or a selector, lest somebody forgot one
        chosen = {"label_selector": labels} if labels else {}
        self._call("delete", kind, namespace=namespace, field_selector=everything, propagation_policy="Background", **chosen)

    def logs(self, pod: str, namespace: str, *, since: int | None = None, container: str | None = None) -> str:
        """What a pod's container printed in the last ``since`` seconds, or before its restart where none are given; 200 KiB at most."""
        which: tuple[str, object] = ("previous", "true") if since is None else ("sinceSeconds", since)
        query = [which, ("limitBytes", 200 * 1024), *([("container", container)] if container else [])]
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
        with _translating_faults():
            response = self._client.request("get", path, query_params=query, serialize=False, _request_timeout=REQUEST_TIMEOUT)
        return str(response.data.decode(errors="replace"))

    def ask_pod(self, method: str, pod: str, namespace: str, port: int, path: str) -> str:
        """Send a request to a Pod by way of the API server, past every Service and route, and return the body of its answer."""
        target = f"/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy{path}"
        with _translating_faults():
            response = self._client.request(method.lower(), target, serialize=False, _request_timeout=REQUEST_TIMEOUT)
        return str(response.data.decode(errors="replace"))

    def execute(self, pod: str, namespace: str, *words: str, timeout: float) -> str:
        """Run a command in a Pod and return what it prints.

        :raises EnvironmentFault: it failed, or took longer than ``timeout`` seconds
        """
        with _translating_faults():
            return pod_exec.run(self._client.client.configuration, pod, namespace, words, timeout)

    def may(self, group: str, resource: str, verb: str) -> bool:
        """Whether the kubeconfig's user may do this to a resource, or to its subresource behind a slash, in every namespace."""
        name, _, subresource = resource.partition("/")
        asked = {"group": group, "resource": name, "subresource": subresource, "verb": verb}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": asked}}
        with _translating_faults():
            answer = self._client.request(
                "post",
                "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                body=review,
                serializer=_plain,
                _request_timeout=REQUEST_TIMEOUT,
            )
        return bool(answer["status"]["allowed"])

    def token(self, account: str, namespace: str) -> str:
        """A token of a ServiceAccount, good for ten minutes, the shortest there is."""
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        with _translating_faults():
            made = self._client.request("post", path, body=request, serializer=_plain, _request_timeout=REQUEST_TIMEOUT)
        return str(made["status"]["token"])


def named(objects: Iterable[Mapping[str, Any]]) -> list[str]:
    """``namespace/name`` of each object, for messages."""
    return ["/".join(filter(None, (item["metadata"].get("namespace"), item["metadata"]["name"]))) for item in objects]


def _plain(_client: Any, data: Object) -> Object:
    return data


@contextmanager
def _translating_faults() -> Iterator[None]:
    """Translate the client's exceptions: a refusal is data for statements, everything else means that the cluster does not answer."""
    from kubernetes.client.exceptions import ApiException, OpenApiException
    from kubernetes.dynamic.exceptions import DynamicApiError, ResourceNotFoundError
    from urllib3.exceptions import HTTPError

    try:
        with awaiting_answer():
            yield
    except (DynamicApiError, ApiException) as fault:
        reason = _reason(fault)
        refusal = Denied if reason.startswith(WEBHOOK) else Refused
        raise refusal(int(fault.status or 0), reason) from None
    except (HTTPError, OSError) as fault:
        raise EnvironmentFault("an API server that answers", f"{type(fault).__name__}: {fault}", "look at the cluster's nodes") from fault
    except (ResourceNotFoundError, OpenApiException) as fault:
        raise NotServed("an API that serves the kind asked for", str(fault), "check that MetalLB's CRDs are installed") from fault


def _reason(fault: Any) -> str:
    import json

    try:
        return str(json.loads(fault.body)["message"])
    except (TypeError, ValueError, KeyError):
        return str(fault.reason)
