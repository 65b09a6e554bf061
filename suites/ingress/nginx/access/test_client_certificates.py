"""Who is let in by certificate (auth-tls-secret)."""

import re

import pytest

from harness.model.expectations import answered, reaches, refused
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.shared_routes import SharedRoutes, tls_context
from suites.ingress.nginx.annotations import ANNOTATIONS
from suites.ingress.requests import request


@statement("ACC-08", MUST, EXTENDED, source=f"{ANNOTATIONS}#client-certificate-authentication", covers=("ROW-ACC-04",))
@pytest.mark.manifest("client_certificate_is_required.yaml")
def test_client_certificate_is_required(client: IngressClient, shared_routes: SharedRoutes) -> None:
    """A client without a certificate, or with one of another authority, MUST be refused with 400, and one with a certificate be served."""
    asked, authority = request("/x?y", scheme="https"), shared_routes.authority
    client.with_trust(tls_context(authority)).expect(asked, refused(400))
    client.with_trust(tls_context(authority, shared_routes.another_authority().issue_cert("guest.test"))).expect(asked, refused(400))
    known = reaches("one", arrives_with={"ssl-client-verify": "SUCCESS", "ssl-client-cert": re.compile("-----BEGIN%20CERTIFICATE-----.*")})
    client.with_trust(tls_context(authority, authority.issue_cert("guest.test"))).expect(asked, known)


@statement("ACC-09", MUST, EXTENDED, source=f"{ANNOTATIONS}#client-certificate-authentication", covers=("ROW-ACC-04",))
@pytest.mark.manifest("name_of_a_client_certificate_is_matched.yaml")
def test_name_of_a_client_certificate_is_matched(client: IngressClient, shared_routes: SharedRoutes) -> None:
    """A client whose certificate is for another name than the annotation asks for MUST be refused with 403, and the right one be served."""
    asked, authority = request("/x?y", scheme="https"), shared_routes.authority
    welcome, other = (authority.issue_cert("guest.test", common_name=name) for name in ("welcome", "other"))
    client.with_trust(tls_context(authority, welcome)).expect(asked, reaches("one"))
    client.with_trust(tls_context(authority, other)).expect(asked, answered(403))
