"""What ingress controllers and modes of MetalLB may offer: a statement names the features it needs, and their modules those they have.

What a controller does not declare is not applicable to it; what it declares is judged. The features of the Ingress API, which statements of
CORE need, are named as well, so that whoever does without one says so by name. Names follow Gateway API's features where these fit
(https://gateway-api.sigs.k8s.io/concepts/conformance/#features).
"""

from collections.abc import Collection
from enum import StrEnum
from typing import Self

_API = "https://kubernetes.io/docs/concepts/services-networking/ingress/"
_NGINX = "https://kubernetes.github.io/ingress-nginx/"
_GUIDE = f"{_NGINX}user-guide/"
_ANNOTATIONS = f"{_GUIDE}nginx-configuration/annotations/"
_CONFIGMAP = f"{_GUIDE}nginx-configuration/configmap/"
_RFC = "https://www.rfc-editor.org/rfc/"
_METALLB = "https://metallb.io/"


class Feature(StrEnum):
    """A capability, by its name in ``conformance.toml``, in ``-m`` and in the catalogue.

    :ivar meaning: what a controller does that offers it, in a sentence
    :ivar source: the address of the text that describes it
    """

    meaning: str
    source: str

    def __new__(cls, name: str, meaning: str, source: str) -> Self:
        """A member whose value is its name."""
        member = str.__new__(cls, name)
        member._value_, member.meaning, member.source = name, meaning, source
        return member

    # the Ingress API
    PATH_TYPES = "path-types", "Exact and Prefix paths match as the API says, and the longest wins.", f"{_API}#path-types"
    WILDCARD_HOSTS = "wildcard-hosts", "A host may begin with a wildcard, which stands for one label.", f"{_API}#hostname-wildcards"
    DEFAULT_BACKEND = "default-backend", "What no rule matches goes to a default backend, or is refused.", f"{_API}#default-backend"
    TLS_TERMINATION = "tls-termination", "Hosts are served over TLS with the certificates of their Secrets.", f"{_API}#tls"
    STATUS_ADDRESS = (
        "status-address",
        "The status of an Ingress tells the address at which it is served.",
        "https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/#IngressStatus",
    )

    # what the Ingress API leaves open
    IMPLEMENTATION_SPECIFIC_PATHS = (
        "implementation-specific-paths",
        "Paths of the type ImplementationSpecific are served.",
        f"{_API}#path-types",
    )
    LEGACY_CLASS_ANNOTATION = (
        "legacy-class-annotation",
        "The annotation that came before the class field names the class.",
        f"{_API}#deprecated-annotation",
    )
    CLASS_REQUIRED = "class-required", "An Ingress that belongs to no class is left alone.", f"{_API}#ingress-class"
    ABSOLUTE_TARGET_HOST = (
        "absolute-target-host",
        "The host of a target that is a whole URL replaces the Host field.",
        f"{_RFC}rfc9112#section-3.2.2",
    )
    TLS_VERSIONS = "tls-versions", "TLS 1.2 and 1.3 are spoken, and nothing older.", f"{_RFC}rfc9325#section-3.1.1"
    HTTP2 = "http2", "HTTP/2 is spoken over TLS.", f"{_RFC}rfc9113"
    GRPC = "grpc", "gRPC calls are routed, by the annotation backend-protocol.", f"{_ANNOTATIONS}#backend-protocol"
    WEBSOCKET = "websocket", "Web sockets are opened at the backend and stay open.", f"{_RFC}rfc6455"
    STREAMING = "streaming", "Answers are passed on as they come.", f"{_RFC}rfc9112#section-7.1"
    LARGE_BODIES = (
        "large-bodies",
        "Bodies of several megabytes are passed on, by default or by the annotation.",
        f"{_RFC}rfc9110#section-6.4",
    )
    UNAVAILABLE_BACKENDS = (
        "unavailable-backends",
        "A path whose backend is missing, empty or silent is answered as an error of the server's, and others go on.",
        f"{_RFC}rfc9110#section-15.6",
    )
    EXTERNAL_NAME = (
        "external-name",
        "Services of the type ExternalName are backends.",
        "https://kubernetes.io/docs/concepts/services-networking/service/#externalname",
    )
    LOAD_BALANCING = "load-balancing", "Every Pod of a backend gets its share of the requests.", f"{_API}#load-balancing"
    FORWARDED_HEADERS = (
        "forwarded-headers",
        "X-Forwarded-For and X-Forwarded-Proto tell the backend who asked, and how.",
        f"{_RFC}rfc7239#section-7.4",
    )
    FORWARDED_DETAILS = (
        "forwarded-details",
        "X-Real-IP, X-Forwarded-Host and X-Forwarded-Port tell it the same and more.",
        f"{_CONFIGMAP}#use-forwarded-headers",
    )
    FORGED_HEADERS_REPLACED = (
        "forged-headers-replaced",
        "What a client claims in such headers is replaced by what the controller saw.",
        f"{_RFC}rfc7239#section-8.1",
    )
    HTTPOXY = "httpoxy", "The header Proxy of a request does not reach the backend.", "https://httpoxy.org"
    RAW_PATHS = "raw-paths", "A path reaches the backend as it was sent, also out of its normal form.", f"{_RFC}rfc9110#section-7.7"
    ROOT_LABEL = "root-label", "A host is the same with the root label, a dot at its end.", f"{_RFC}rfc3986#section-3.2.2"
    EXTERNAL_IPS = (
        "external-ips",
        "The status of an Ingress also tells the external IPs of the controller's Service.",
        "https://kubernetes.io/docs/concepts/services-networking/service/#external-ips",
    )
    CLIENT_ADDRESS = (
        "client-address",
        "With the traffic policy Local the backend is told the client's own address.",
        "https://kubernetes.io/docs/tasks/access-application-cluster/create-external-load-balancer/#preserving-the-client-source-ip",
    )
    SEAMLESS_UPDATES = (
        "seamless-updates",
        "Changes of routes and endpoints lose no request.",
        f"{_API}#updating-an-ingress",
    )
    GRACEFUL_ROLLOUT = (
        "graceful-rollout",
        "The controller is replaced and scaled with a short interruption at most.",
        "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination",
    )

    REPLICAS = (
        "replicas",
        "A Deployment serves the clients, with as many Pods as it is told.",
        "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#scaling-a-deployment",
    )
    SEVERAL_INSTANCES = (
        "several-instances",
        "A second instance beside the first serves the Ingresses of its own class.",
        f"{_API}#ingress-class",
    )

    # what annotations of ingress-nginx ask for; any controller may follow them
    ADMISSION = (
        "admission",
        "A webhook refuses what would conflict or break.",
        f"{_NGINX}how-it-works/#avoiding-outage-from-wrong-configuration",
    )
    PATH_TYPE_VALIDATION = (
        "path-type-validation",
        "The webhook refuses regular expressions as paths of the types Exact and Prefix.",
        f"{_CONFIGMAP}#strict-validate-path-type",
    )
    SNIPPETS = (
        "snippets",
        "Annotations may put text into the configuration once an administrator allows it.",
        f"{_CONFIGMAP}#allow-snippet-annotations",
    )
    REGEX_PATHS = "regex-paths", "Paths are regular expressions where use-regex or a rewrite says so.", f"{_GUIDE}ingress-path-matching/"
    PATH_REWRITE = "path-rewrite", "The path is replaced by rewrite-target.", f"{_NGINX}examples/rewrite/"
    FORWARDED_PREFIX = "forwarded-prefix", "A rewritten request tells the prefix cut off.", f"{_ANNOTATIONS}#x-forwarded-prefix-header"
    HOST_REWRITE = "host-rewrite", "The host is replaced by upstream-vhost.", f"{_ANNOTATIONS}#custom-nginx-upstream-vhost"
    REDIRECT = "redirect", "Requests are redirected for now or for good.", f"{_ANNOTATIONS}#permanent-redirect"
    APP_ROOT = "app-root", "The root of a host is redirected to the application's.", f"{_NGINX}examples/rewrite/#app-root"
    WWW_REDIRECT = "www-redirect", "A host is redirected to from its name with www.", f"{_ANNOTATIONS}#redirect-fromto-www"
    SCHEME_REDIRECT = (
        "scheme-redirect",
        "Plain http is redirected to https.",
        f"{_GUIDE}tls/#server-side-https-enforcement-through-redirect",
    )
    HSTS = "hsts", "Answers over https ask clients to stay there.", f"{_GUIDE}tls/#http-strict-transport-security"
    DEFAULT_CERTIFICATE = "default-certificate", "Names without a certificate get a default one.", f"{_GUIDE}tls/#default-ssl-certificate"
    CUSTOM_ERRORS = "custom-errors", "A backend of its own answers for errors.", f"{_ANNOTATIONS}#default-backend"
    SERVER_ALIAS = "server-alias", "A host has further names.", f"{_ANNOTATIONS}#server-alias"
    CANARY = "canary", "A second route takes some of the requests, by header, cookie or weight.", f"{_ANNOTATIONS}#canary"
    COOKIE_AFFINITY = "cookie-affinity", "A cookie keeps a client with its Pod.", f"{_ANNOTATIONS}#session-affinity"
    CONDITIONAL_SAMESITE = (
        "conditional-samesite",
        "The cookie has no SameSite=None for clients that reject it.",
        f"{_ANNOTATIONS}#cookie-affinity",
    )
    UPSTREAM_HASHING = "upstream-hashing", "A hash chooses the Pod.", f"{_ANNOTATIONS}#custom-nginx-upstream-hashing"
    SOURCE_RANGES = "source-ranges", "Clients are let in by their addresses.", f"{_ANNOTATIONS}#whitelist-source-range"
    SOURCE_DENIAL = "source-denial", "Clients are kept out by their addresses.", f"{_ANNOTATIONS}#denylist-source-range"
    BASIC_AUTH = "basic-auth", "Clients are let in by password.", f"{_ANNOTATIONS}#authentication"
    EXTERNAL_AUTH = "external-auth", "A service decides who is let in.", f"{_ANNOTATIONS}#external-authentication"
    EXTERNAL_AUTH_DETAILS = (
        "external-auth-details",
        "How that service is asked, what it is told, and how long its word holds can be set.",
        f"{_ANNOTATIONS}#external-authentication",
    )
    CLIENT_CERTIFICATES = "client-certificates", "Clients are let in by certificate.", f"{_ANNOTATIONS}#client-certificate-authentication"
    CORS = "cors", "The controller answers preflights and tells which origins are allowed.", f"{_ANNOTATIONS}#enable-cors"
    BODY_SIZE_LIMIT = "body-size-limit", "Bodies beyond a size are refused.", f"{_ANNOTATIONS}#custom-max-body-size"
    RATE_LIMIT = "rate-limit", "Requests beyond a rate are refused.", f"{_ANNOTATIONS}#rate-limiting"
    CONNECTION_LIMIT = "connection-limit", "Connections beyond a number are refused.", f"{_ANNOTATIONS}#rate-limiting"
    BACKEND_TIMEOUT = "backend-timeout", "A backend that takes too long is answered for.", f"{_ANNOTATIONS}#custom-timeouts"
    BACKEND_TLS = "backend-tls", "The backend is spoken to over TLS.", f"{_ANNOTATIONS}#backend-protocol"
    ANSWER_REWRITE = (
        "answer-rewrite",
        "Redirects and cookies of a backend are rewritten.",
        f"{_ANNOTATIONS}#proxy-redirect",
    )
    PROXY_SETTINGS = (
        "proxy-settings",
        "The version of HTTP to the backend, further tries and errors that pass can be set.",
        f"{_ANNOTATIONS}#proxy-http-version",
    )
    RETRY = "retry", "An endpoint that refuses is passed over.", f"{_CONFIGMAP}#proxy-next-upstream"
    SERVICE_UPSTREAM = "service-upstream", "The Service's own address is the upstream.", f"{_ANNOTATIONS}#service-upstream"
    REQUEST_ID = "request-id", "Every request reaches the backend with an identifier.", f"{_CONFIGMAP}#generate-request-id"
    CONNECTION_HEADER = "connection-header", "The Connection header to the backend can be set.", f"{_ANNOTATIONS}#connection-proxy-header"

    # of MetalLB's modes
    ROUTER_ID_OF_A_PEER = "router-id-of-a-peer", "Each session has a router identifier of its own.", f"{_METALLB}apis/#bgppeer"
    BFD = "bfd", "The loss of a router is detected by BFD.", f"{_METALLB}configuration/_advanced_bgp_configuration/"
    GRACEFUL_RESTART = "graceful-restart", "Routes stay while a speaker is replaced.", f"{_METALLB}concepts/bgp/#limitations"
    DYNAMIC_ASN = "dynamic-asn", "The number of the other system is found out.", f"{_METALLB}apis/#bgppeer"
    LOCAL_ASN = "local-asn", "A session has a number of its own system of its own.", f"{_METALLB}apis/#bgppeer"
    KEEPALIVE_TIME = "keepalive-time", "How often a session is kept alive can be said.", f"{_METALLB}apis/#bgppeer"
    LARGE_COMMUNITIES = (
        "large-communities",
        "Communities of three numbers are announced.",
        f"{_METALLB}configuration/_advanced_bgp_configuration/#community-configuration",
    )

    # nobody else's
    INGRESS_NGINX_HABITS = (
        "ingress-nginx-habits",
        "What ingress-nginx does where neither the API nor an annotation decides, and others need not.",
        f"{_NGINX}how-it-works/",
    )


def in_order(features: Collection[Feature]) -> tuple[Feature, ...]:
    """The features in the order of their definition."""
    return tuple(one for one in Feature if one in features)
