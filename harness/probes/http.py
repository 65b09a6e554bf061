"""HTTP as a client outside of the cluster sees it."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from time import monotonic
from typing import Any

import httpx
from cryptography import x509
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated

from harness.model.budgets import ANSWER
from harness.model.errors import NotApplicable, StatementFailed, Unanswered
from harness.model.http_exchange import Echo, Exchange, Headers, Request
from harness.model.record import awaiting_answer, record
from harness.probes.ports import bracketed, reason_of

#: Bytes of a body that an exchange keeps, and that are read to find the backend's answer.
KEPT_BYTES, READ_BYTES = 4096, 1 << 20
#: How often several requests are sent anew where their connection has ended between them.
CONNECTIONS = 5


@dataclass(frozen=True, slots=True)
class HttpProbe:
    """Sends requests to one address and port, each over a connection of its own: a pooled one would ignore another SNI and pin a backend.

    :param agent: the User-Agent, which makes the statement findable in the controller's access log
    :param trust: what a certificate is verified against; without it the certificate is read and not judged
    :param timeout: seconds for the connection, for every read, and for the whole answer, scaled
    """

    address: str
    port: int = 80
    agent: str = "metallb-ingress-conformance"
    trust: ssl.SSLContext | None = None
    timeout: float = ANSWER.seconds

    def send(self, request: Request) -> Exchange:
        """Send the request as it is and read its answer; redirects are not followed, proxies of the environment not used.

        :raises httpx.LocalProtocolError: the request itself cannot be sent: a header with a line break, a target beyond ASCII
        :raises Unanswered: no connection, or no answer in time
        :raises StatementFailed: an answer that is not HTTP, breaks off, or comes with a certificate that cannot be trusted
        """
        __tracebackhide__ = True
        return self._send(request, again=True)

    def send_over_one_connection(self, *requests: Request) -> list[Exchange]:
        """The same for several, one after the other over the connection that the first one opens.

        :raises NotApplicable: the server has ended one connection after the other before the last of them, as it may
        """
        __tracebackhide__ = True
        for _ in range(CONNECTIONS):
            ends: set[object] = set()
            exchanges = []
            with awaiting_answer(), self._client(requests[0]) as client:
                client.event_hooks = {"response": [lambda response, ends=ends: ends.add(_own_end(response))]}
                for request in requests:
                    outgoing = self._outgoing(request)
                    try:
                        exchanges.append(self._exchange(client, request, outgoing, monotonic()))
                    except httpx.TransportError as error:
                        if _goes_away(error):
                            break
                        raise self._fault(request, error) from None
                    record().exchanges.append(_transcript(outgoing, _answer_text(exchanges[-1])))
            if len(exchanges) == len(requests) and len(ends) == 1:
                return exchanges
        raise NotApplicable(f"sends several requests over one connection, which ends before the last of them, {CONNECTIONS} times in a row")

    def _send(self, request: Request, *, again: bool) -> Exchange:
        __tracebackhide__ = True
        outgoing, began = self._outgoing(request), monotonic()
        try:
            with awaiting_answer(), self._client(request) as client:
                exchange = self._exchange(client, request, outgoing, began)
        except httpx.LocalProtocolError:
            raise
        except httpx.TransportError as error:
            if again and _goes_away(error):
                record().exchanges.append(_transcript(outgoing, f"sent again on a new connection: {error}"))
                return self._send(request, again=False)
            fault = self._fault(request, error)
            record().exchanges.append(_transcript(outgoing, f"no exchange: {fault}"))
            raise fault from None
        record().exchanges.append(_transcript(outgoing, _answer_text(exchange)))
        return exchange

    def lines(self, request: Request) -> list[tuple[float, str]]:
        """The lines of an answer, each with the seconds between the request and its arrival.

        :raises Unanswered: no connection, or silence for longer than the time-out
        """
        __tracebackhide__ = True
        outgoing, began = self._outgoing(request), monotonic()
        try:
            with awaiting_answer(), self._client(request) as client:
                response = client.send(outgoing, stream=True)
                with closing(response):
                    return [(monotonic() - began, line) for line in response.iter_lines()]
        except httpx.TransportError as error:
            raise self._fault(request, error) from None

    @property
    def _limit(self) -> float:
        return record().scaled(self.timeout)

    def _client(self, request: Request) -> httpx.Client:
        prior_knowledge = request.http2 and request.scheme == "http"
        return httpx.Client(
            http1=not prior_knowledge,
            http2=request.http2,
            verify=self.trust or unverified(),
            timeout=self._limit,
            trust_env=False,
        )

    def _outgoing(self, request: Request) -> httpx.Request:
        """The request with no header but Host, User-Agent, Accept and its own: clients' defaults would hide what a controller adds."""
        host = [("Host", request.host)] if request.host is not None else []
        headers = [*host, ("User-Agent", self.agent), ("Accept", "*/*"), *request.headers]
        extensions: dict[str, object] = {"target": request.target.encode("latin-1"), "timeout": httpx.Timeout(self._limit).as_dict()}
        sni = request.sni if request.sni is not None else _without_port(request.host)
        if sni:
            extensions["sni_hostname"] = sni
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        url = f"{request.scheme}://{bracketed(self.address)}:{self.port}"
        return httpx.Request(request.method, url, headers=encoded, content=request.body, extensions=extensions)

    def _exchange(self, client: httpx.Client, request: Request, outgoing: httpx.Request, began: float) -> Exchange:
        response = client.send(outgoing, stream=True)
        try:
            stream = response.extensions["network_stream"]
            remote, certificate = self._remote(stream), _names(stream.get_extra_info("ssl_object"))
            body = self._body(response, began)
        finally:
            response.close()
        return Exchange(
            request,
            response.status_code,
            _text(response.headers.raw),
            body[:KEPT_BYTES],
            Echo.parse(body),
            certificate,
            response.http_version,
            monotonic() - began,
            remote,
        )

    def _remote(self, stream: Any) -> str:
        """Address and port that answered; a peer that has closed already cannot be asked, and was the one that was called."""
        try:
            address, port = stream.get_extra_info("server_addr")[:2]
        except OSError:
            address, port = self.address, self.port
        return f"{bracketed(address)}:{port}"

    def _body(self, response: httpx.Response, began: float) -> bytes:
        """The body up to what is worth keeping; read to its end, so that an answer that breaks off is seen."""
        kept = bytearray()
        for piece in response.iter_bytes():
            kept += piece[: READ_BYTES - len(kept)]
            if monotonic() - began > self._limit:
                raise httpx.ReadTimeout(f"the answer is not complete after {self._limit:g} s")
        return bytes(kept)

    def _fault(self, request: Request, error: httpx.TransportError) -> Exception:
        where = f"{request.line} at {bracketed(self.address)}:{self.port}"
        match _root(error):
            case ssl.SSLCertVerificationError() as refused:
                return StatementFailed(f"a certificate that can be trusted from {where}", refused.verify_message)
            case ssl.SSLError() as broken if not isinstance(broken, ssl.SSLEOFError | ssl.SSLZeroReturnError):
                return StatementFailed(f"a TLS handshake with {where}", str(broken))
            case _ if isinstance(error, httpx.RemoteProtocolError) and "without sending a response" not in str(error):
                return StatementFailed(f"an HTTP answer from {where}", str(error))
            case httpx.TimeoutException() | TimeoutError():
                return Unanswered(f"{where}: {str(error) or 'timed out'} ({self._limit:g} s)")
            case root:
                return Unanswered(f"{where}: {root}")


def raw_request(address: str, port: int, text: str, meant: Request, timeout: float = ANSWER.seconds) -> Exchange:
    """What comes back for bytes that no client library would send.

    :param meant: the request that they stand for
    :raises Unanswered: no connection, or no answer within ``timeout`` seconds
    :raises StatementFailed: an answer that is not HTTP
    """
    __tracebackhide__ = True
    where, began = f"{bracketed(address)}:{port}", monotonic()
    try:
        with awaiting_answer(), socket.create_connection((address, port), record().scaled(timeout)) as connection:
            connection.sendall(text.encode("latin-1"))
            answer = HTTPResponse(connection)
            answer.begin()
            body = answer.read(READ_BYTES)
    except OSError as error:
        raise Unanswered(f"{where}: {reason_of(error)}") from None
    except HTTPException as error:
        raise StatementFailed(f"an HTTP answer from {where}", repr(error)) from None
    headers, echo = tuple(answer.getheaders()), Echo.parse(body)
    return Exchange(meant, answer.status, headers, body[:KEPT_BYTES], echo, frozenset(), "HTTP/1.1", monotonic() - began, where)


def unverified() -> ssl.SSLContext:
    """A client that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _names(connection: ssl.SSLObject | ssl.SSLSocket | None) -> frozenset[str]:
    """The subject alternative names of the peer's certificate, empty without TLS or without names."""
    encoded = connection.getpeercert(True) if connection else None
    if not encoded:
        return frozenset()
    try:
        names = x509.load_der_x509_certificate(encoded).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset({*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))})


def _own_end(response: httpx.Response) -> object:
    return response.extensions["network_stream"].get_extra_info("client_addr")


def _without_port(host: str | None) -> str:
    """The name a browser would ask for in TLS, empty for none: addresses are not asked for by name."""
    name = (host or "").partition(":")[0]
    try:
        ip_address(name)
    except ValueError:
        return "" if name.startswith("[") else name
    return ""


def _root(error: BaseException) -> BaseException:
    """The exception that began a chain: httpx wraps httpcore's, which wraps the socket's."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return error


def _goes_away(error: BaseException) -> bool:
    """Whether the server said that it answers what it has and takes no more, as one does that gets another configuration.

    It may answer after that (https://www.rfc-editor.org/rfc/rfc9113#section-6.8), but httpcore does not read on. What is sent once more
    arrives twice then, which no backend of ours minds: they keep nothing of a request.
    """
    event = next(iter(_root(error).args), None)
    return isinstance(event, ConnectionTerminated) and event.error_code == ErrorCodes.NO_ERROR


def _text(raw: list[tuple[bytes, bytes]]) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw)


def _transcript(outgoing: httpx.Request, answer: str) -> str:
    target = outgoing.extensions["target"].decode("latin-1")
    return "\n".join([f"{outgoing.method} {target} to {outgoing.url}", *_lines(_text(outgoing.headers.raw)), "", answer])


def _answer_text(exchange: Exchange) -> str:
    head = f"{exchange.protocol} {exchange.status} from {exchange.remote} in {exchange.seconds:.3f} s"
    names = [f"certificate for {', '.join(sorted(exchange.certificate))}"] if exchange.certificate else []
    return "\n".join([head, *names, *_lines(exchange.headers), "", exchange.body.decode("utf-8", "replace")])


def _lines(headers: Headers) -> Iterator[str]:
    return (f"{name}: {value}" for name, value in headers)
