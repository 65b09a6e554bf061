"""gRPC (backend-protocol: GRPC)."""

import ssl

import pytest

from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient


@statement(
    "PRO-06",
    MUST,
    EXTENDED,
    source="https://kubernetes.github.io/ingress-nginx/examples/grpc/",
    covers=("ROW-PROTO-02",),
)
@pytest.mark.manifest("grpc_call_passes.yaml")
def test_grpc_call_passes(client: IngressClient, trust: ssl.SSLContext) -> None:
    """A gRPC call over TLS MUST reach the backend with its path, metadata and message, and its answer come back with its status."""
    answer = client.grpc_call("/echo.Echo/Say", b"hello", trust, metadata={"x-note": "kept"})
    assert answer.grpc_status == "0", answer
    assert answer.message == b"hello", answer
    for name, value in {":path": "/echo.Echo/Say", "content-type": "application/grpc", "x-note": "kept"}.items():
        assert answer.arrived[name] == value, f"{name} reached the backend as {answer.arrived[name]}"


@statement(
    "PRO-07",
    MUST,
    EXTENDED,
    source="https://kubernetes.github.io/ingress-nginx/examples/grpc/",
    covers=("ROW-PROTO-02",),
)
@pytest.mark.manifest("failed_grpc_call_keeps_its_status.yaml")
def test_failed_grpc_call_keeps_its_status(client: IngressClient, trust: ssl.SSLContext) -> None:
    """The status with which a gRPC call fails MUST come back to the client."""
    answer = client.grpc_call("/echo.Echo/Fail", b"fail:7", trust, metadata={})
    assert answer.grpc_status == "7", answer
