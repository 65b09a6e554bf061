"""The annotations of ingress-nginx, and where its documentation tells of them and of its other settings."""

from collections.abc import Mapping

_GUIDE = "https://kubernetes.github.io/ingress-nginx/user-guide"
ANNOTATIONS = f"{_GUIDE}/nginx-configuration/annotations/"
CONFIGMAP = f"{_GUIDE}/nginx-configuration/configmap/"
TLS = f"{_GUIDE}/tls/"
PATH_MATCHING = f"{_GUIDE}/ingress-path-matching/"


def annotations(values: Mapping[str, str]) -> dict[str, str]:
    """Annotations by the names that the documentation lists them under."""
    return {f"nginx.ingress.kubernetes.io/{name}": value for name, value in values.items()}
