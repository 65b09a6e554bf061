"""What the client of an ingress requires of answers: it is met once, and told once where it is not."""

import ssl
from time import sleep

import pytest

from harness.model.errors import NoAnswer, StatementFailed, Unanswered, WrongAnswer
from harness.model.expectations import reaches, refused
from harness.model.http_exchange import Exchange, Request
from harness.model.record import Record, recording
from harness.systems.ingress import client as module
from harness.systems.ingress.client import IngressClient
from selftests.systems.ingress.scripted import HOST, Answer, client, refused_with, served_by, silent

ASKED = Request("/x?y", host="example.test")
ONE, TWO, MISSING = served_by("one"), served_by("two"), refused_with(404)
#: What every call that gets no answer is told by.
SILENCE = Unanswered("192.0.2.10:443: timed out")


def slow(answer: Answer) -> Answer:
    """The same answer, late."""

    def late(request: Request) -> Exchange:
        sleep(0.1)
        return answer(request)

    return late


class TestExpect:
    def test_the_host_of_tables_is_that_of_the_statement(self) -> None:
        assert client(ONE).expect(ASKED, reaches("one")).request.host == HOST

    def test_it_is_asked_ten_times(self) -> None:
        with pytest.raises(StatementFailed, match=f"{HOST}/x.* reaches one\n(.|\n)*t1/two"):
            client(*[ONE] * 9, TWO).expect(ASKED, reaches("one"))
        client(*[ONE] * 10, TWO).expect(ASKED, reaches("one"))

    def test_once_is_once(self) -> None:
        asked = client(ONE, TWO)
        asked.expect_once(ASKED, reaches("one"))
        with pytest.raises(StatementFailed, match="reaches one"):
            asked.expect_once(ASKED, reaches("one"))

    def test_silence_is_a_failure(self) -> None:
        with pytest.raises(NoAnswer, match=r"refused with 404\n.*timed out"):
            client(silent).expect(ASKED, refused(404))
        with pytest.raises(NoAnswer, match="an answer to GET"):
            client(silent).send(ASKED)


class TestExpectOneOf:
    def test_any_of_them_will_do_each_time(self) -> None:
        client(ONE, MISSING, ONE).expect_one_of(ASKED, reaches("one"), refused(404), times=3)

    def test_none_of_them_is_told_with_each_difference(self) -> None:
        with pytest.raises(
            StatementFailed, match=r"reaches one or .*refused with 421\n(.|\n)*service: expected one, found two\n(.|\n)*421"
        ):
            client(ONE, TWO).expect_one_of(ASKED, reaches("one"), refused(421))

    def test_silence_is_a_failure(self) -> None:
        with pytest.raises(NoAnswer, match=r"reaches one or .*refused with 421\n.*timed out"):
            client(silent).expect_one_of(ASKED, reaches("one"), refused(421))


class TestExpectOverOneConnection:
    def test_each_request_gets_one_of_its_answers(self) -> None:
        asked = [(ASKED, [reaches("one")]), (ASKED, [reaches("two"), refused(404)])]
        client(ONE, TWO, ONE, MISSING).expect_over_one_connection(*asked, times=2)

    def test_the_backend_of_the_first_is_wrong_for_the_second(self) -> None:
        asked = [(ASKED, [reaches("one")]), (ASKED, [reaches("two"), refused(404)])]
        with pytest.raises(StatementFailed, match=r"reaches two or .*refused with 404\n(.|\n)*service: expected two, found one"):
            client(ONE).expect_over_one_connection(*asked)


class TestWaitUntilAnswered:
    def test_a_change_is_waited_for_and_measured(self) -> None:
        with recording(Record(scale=0.02)) as kept:
            client(MISSING, silent, ONE).wait_until_answered(ASKED, reaches("one"), measured="route added", consecutive=3)
        assert [one.name for one in kept.measurements] == ["route added"]

    @pytest.mark.usefixtures("short")
    @pytest.mark.parametrize(("answers", "kind"), [((MISSING,), WrongAnswer), ((silent,), NoAnswer), ((ONE, TWO), WrongAnswer)])
    def test_what_does_not_last_is_told(self, answers: tuple[Answer, ...], kind: type[StatementFailed]) -> None:
        with pytest.raises(kind, match=r"expected: GET .* reaches one\n"):
            client(*answers).wait_until_answered(ASKED, reaches("one"), measured="route added")


class TestExpectRateLimit:
    def test_a_burst_is_served_and_the_rest_refused(self) -> None:
        client(*[ONE] * 3, refused_with(503)).expect_rate_limit(ASKED, reaches("one"), refused(503), burst=2, rate=1)

    @pytest.mark.parametrize("served", [1, 9])
    def test_too_few_or_too_many_are_told(self, served: int) -> None:
        with pytest.raises(StatementFailed, match=rf"3 to 4 of 9 requests in .* are served\n(.|\n)*{served}: \[200"):
            client(*[ONE] * served, refused_with(503)).expect_rate_limit(ASKED, reaches("one"), refused(503), burst=2, rate=0)

    def test_another_refusal_is_told(self) -> None:
        with pytest.raises(StatementFailed, match="refused with 503"):
            client(*[ONE] * 3, MISSING).expect_rate_limit(ASKED, reaches("one"), refused(503), burst=2, rate=1)


class TestInFlight:
    def test_a_request_is_answered_after_the_change(self) -> None:
        with client(slow(ONE)).in_flight(ASKED, reaches("one")):
            pass

    def test_another_answer_is_told(self) -> None:
        with pytest.raises(StatementFailed, match="reaches one"), client(slow(TWO)).in_flight(ASKED, reaches("one")):
            pass

    def test_an_answer_before_the_change_shows_nothing(self) -> None:
        with pytest.raises(StatementFailed, match="answered before"), client(ONE).in_flight(ASKED, reaches("one")):
            sleep(0.1)


class TestUnderLoad:
    @pytest.mark.parametrize("answers", [(ONE,), (ONE, TWO)])
    def test_each_of_the_answers_will_do(self, answers: tuple[Answer, ...]) -> None:
        with client(*answers).under_load(ASKED, reaches("one"), reaches("two")) as load:
            sleep(0.12)
        load.expect_no_loss()

    @pytest.mark.parametrize("lost", [MISSING, silent])
    def test_another_answer_or_none_is_a_loss(self, lost: Answer) -> None:
        with client(ONE, lost).under_load(ASKED, reaches("one"), reaches("two")) as load:
            sleep(0.12)
        with pytest.raises(StatementFailed, match="requests failed"):
            load.expect_no_loss()

    def test_every_difference_is_told(self) -> None:
        with pytest.raises(StatementFailed, match=r"reaches one or .*reaches two\n(.|\n)*404"):
            module._require_one_of([client(ONE)._bound(reaches(name)) for name in ("one", "two")], client(MISSING).send(ASKED))


def test_answers_come_in_the_order_of_the_requests() -> None:
    found = client(ONE).send_concurrently(Request("/a"), Request("/b"), Request("/c"))
    assert [answer.request.target for answer in found] == ["/a", "/b", "/c"]


def test_lines_come_with_their_moments() -> None:
    assert client(ONE).lines(ASKED) == [(0.1, "data: 1")]
    with pytest.raises(NoAnswer, match="an answer to GET"):
        client(silent).lines(ASKED)


def test_a_raw_head_names_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    def answer(address: str, port: int, text: str, meant: Request) -> Exchange:
        sent.append(text)
        return refused_with(400)(meant)

    monkeypatch.setattr(module, "raw_request", answer)
    client(ONE).expect_raw("GET / HTTP/1.1\r\nHost: example.test\r\nHost: other.test", refused(400))
    assert sent == [f"GET / HTTP/1.1\r\nHost: {HOST}\r\nHost: other.test\r\nConnection: close\r\n\r\n"]
    with pytest.raises(StatementFailed, match=r"'GET / HTTP/1\.0': .*refused with 404(.|\n)*400"):
        client(ONE).expect_raw("GET / HTTP/1.0", refused(404))


@pytest.mark.parametrize(
    ("name", "call", "expected"),
    [
        ("handshake", lambda asked: asked.tls_handshake("TLSv1.3"), "a handshake in TLSv1.3"),
        ("refusal_of", lambda asked: asked.tls_refusal("TLSv1"), "a refusal of TLSv1"),
        ("WebSocket", lambda asked: asked.web_socket("/chat"), "a web socket to /chat"),
        ("call", lambda asked: asked.grpc_call("/a.B/C", b"", None, metadata={}), "an answer to the call of /a.B/C"),
    ],
)
def test_other_protocols_ask_for_the_host_and_are_told_of_silence(
    name: str, call: object, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def answer(*arguments: object, **_: object) -> str:
        asked.extend(arguments)
        return "answered"

    def unanswered(*_: object, **__: object) -> None:
        raise SILENCE

    assert callable(call)
    monkeypatch.setattr(module, name, answer)
    assert call(client(ONE)) == "answered"
    assert HOST in asked
    monkeypatch.setattr(module, name, unanswered)
    with pytest.raises(NoAnswer, match=f"{expected}(.|\n)*timed out"):
        call(client(ONE))


def test_copies_differ_in_one_thing() -> None:
    asked = client(ONE)
    trust = ssl.create_default_context()
    assert asked.with_timeout(60).probe.timeout == 60
    assert asked.with_trust(trust).probe.trust is trust
    assert asked._probe_for(Request(scheme="https")).port == 443
    assert isinstance(asked.with_timeout(60), IngressClient)


def test_the_source_address_is_of_this_machine() -> None:
    assert client(ONE).source_address
