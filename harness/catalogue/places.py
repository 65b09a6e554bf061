"""What the place of a test below ``suites/`` says of its statements: the system they speak of, features that all of them need, and what
all of them rest on.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath

from harness.model.features import Feature
from harness.model.preconditions import Precondition
from harness.model.statements import CONTROLLER

#: The folder of the statements about an upgrade, which there is where ``--upgrade-from`` asks for one.
UPGRADE = "upgrade"
#: The system that the statements of a folder speak of; that of a folder within another goes first.
SYSTEMS = {
    "metallb": "metallb",
    UPGRADE: "metallb",
    "installation": "metallb",
    "ingress": CONTROLLER,
    "kubernetes": "kubernetes",
}
#: The features that every statement in a folder or file needs, beside those it names itself.
FEATURES: dict[str, set[Feature]] = {
    "ingress/routing/test_default_backend.py": {Feature.DEFAULT_BACKEND},
    "ingress/routing/test_exact_paths.py": {Feature.PATH_TYPES},
    "ingress/routing/test_path_precedence.py": {Feature.PATH_TYPES},
    "ingress/routing/test_prefix_paths.py": {Feature.PATH_TYPES},
    "ingress/routing/test_wildcard_hosts.py": {Feature.WILDCARD_HOSTS},
    "ingress/status": {Feature.STATUS_ADDRESS},
    "ingress/tls/test_certificates.py": {Feature.TLS_TERMINATION},
    "ingress/tls/test_http2.py": {Feature.TLS_TERMINATION, Feature.HTTP2},
    "ingress/tls/test_versions.py": {Feature.TLS_TERMINATION, Feature.TLS_VERSIONS},
    "ingress/traffic/test_forwarding_headers.py": {Feature.FORWARDED_HEADERS},
    "ingress/traffic/test_unavailable_backends.py": {Feature.UNAVAILABLE_BACKENDS},
    "ingress/traffic/test_web_sockets.py": {Feature.WEBSOCKET},
    "ingress/updates/test_controller_rollout.py": {Feature.GRACEFUL_ROLLOUT},
    "ingress/nginx/access/test_basic_auth.py": {Feature.BASIC_AUTH},
    "ingress/nginx/access/test_client_certificates.py": {Feature.TLS_TERMINATION, Feature.CLIENT_CERTIFICATES},
    "ingress/nginx/access/test_external_auth.py": {Feature.EXTERNAL_AUTH},
    "ingress/nginx/admission": {Feature.ADMISSION},
    "ingress/nginx/affinity/test_cookie.py": {Feature.COOKIE_AFFINITY},
    "ingress/nginx/affinity/test_upstream_hashing.py": {Feature.UPSTREAM_HASHING},
    "ingress/nginx/canary": {Feature.CANARY},
    "ingress/nginx/cors": {Feature.CORS},
    "ingress/nginx/limits/test_body_size.py": {Feature.BODY_SIZE_LIMIT},
    "ingress/nginx/limits/test_connections.py": {Feature.CONNECTION_LIMIT},
    "ingress/nginx/limits/test_request_rate.py": {Feature.RATE_LIMIT},
    "ingress/nginx/rewrites/test_regular_expressions.py": {Feature.REGEX_PATHS},
    "ingress/nginx/rewrites/test_rewrite_target.py": {Feature.PATH_REWRITE},
    "ingress/nginx/rewrites/test_variables.py": {Feature.INGRESS_NGINX_HABITS},
    "ingress/nginx/routing/test_default_backend.py": {Feature.CUSTOM_ERRORS},
    "ingress/nginx/routing/test_paths.py": {Feature.INGRESS_NGINX_HABITS},
    "ingress/nginx/routing/test_server_alias.py": {Feature.SERVER_ALIAS},
    "ingress/nginx/tls/test_default_certificate.py": {Feature.DEFAULT_CERTIFICATE},
    "ingress/nginx/tls/test_hsts.py": {Feature.TLS_TERMINATION, Feature.HSTS},
    "ingress/nginx/tls/test_redirect_to_https.py": {Feature.SCHEME_REDIRECT},
    "ingress/nginx/traffic/test_grpc.py": {Feature.TLS_TERMINATION, Feature.GRPC},
}
#: What every statement in a folder rests on, beside what its fixtures do.
#: A speaker that announces nothing on layer 2 is not asked to announce by BGP, which one decision of the speaker's is behind.
PRECONDITIONS: dict[str, set[Precondition]] = {
    "kubernetes": {Precondition.INGRESSES},  # its webhook is asked about every Ingress
    "metallb": {Precondition.POOLS},
    "metallb/bgp": {Precondition.ANNOUNCEMENT},
    "metallb/failover": {Precondition.ANNOUNCEMENT},
    "metallb/layer2": {Precondition.ANNOUNCEMENT},
    UPGRADE: {Precondition.ANNOUNCEMENT},
}


def system_of(subject: str) -> str:
    """The system that a folder speaks of, empty where no folder says so."""
    return next((SYSTEMS[place] for place in _places(subject) if place in SYSTEMS), "")


def features_of(file: str) -> set[Feature]:
    """The features that a test file and the folders around it need."""
    return {feature for place in _places(file) for feature in FEATURES.get(place, ())}


def preconditions_of(subject: str) -> set[Precondition]:
    """What the statements in a folder, and in those around it, rest on."""
    return {one for place in _places(subject) for one in PRECONDITIONS.get(place, ())}


def _places(path: str) -> Iterator[str]:
    """The path and the folders around it, the innermost first."""
    inner = PurePosixPath(path)
    return (str(one) for one in (inner, *inner.parents))
