"""Runs in a container in the network of a node and sends one HTTP request; standard library only, one JSON object printed.

The request is appended as a call of ``main``, so that no secret is on a command line.
"""

import json
import ssl
import urllib.error
import urllib.request


def main(url: str, token: str | None, timeout: float) -> None:
    """Send a GET and print its status and body, or why there was none."""
    print(json.dumps(get(url, token, timeout)))


def get(url: str, token: str | None, timeout: float) -> dict[str, object]:
    """The answer to a GET without proxies and redirects; certificates are not judged, as MetalLB's is self-signed."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting))
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with opener.open(request, timeout=timeout) as response:
            return {"status": response.status, "body": response.read().decode(errors="replace")}
    except urllib.error.HTTPError as refusal:
        return {"status": refusal.code, "body": body_of(refusal)}
    except OSError as fault:
        return {"fault": f"{type(fault).__name__}: {fault}"}


def body_of(refusal: urllib.error.HTTPError) -> str:
    """What a refusal says; a TLS port that is spoken to in the clear answers and resets the connection, which can overtake the body."""
    try:
        return refusal.read().decode(errors="replace")
    except OSError:
        return ""
