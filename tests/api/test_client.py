"""The HTTP client against a real server that misbehaves in every way that servers do."""

from __future__ import annotations

import gzip
import logging
import os
import random
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_clerk.api import BackendAPI
from flask_clerk.api import Client
from flask_clerk.api import client as client_module
from flask_clerk.api.wsgi import WSGIAdapter
from flask_clerk.core.config import ClerkConfig
from flask_clerk.core.errors import BackendAPIError
from flask_clerk.core.keys import PublishableKey
from tests.loopback import Answer
from tests.loopback import Call
from tests.loopback import Loopback
from tests.loopback import answer_json

SECRET = "sk_live_do_not_tell_anybody"
KEY = PublishableKey.build("clerk.example.com", "production").value


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with pytest.MonkeyPatch.context() as patch, Loopback().running() as running:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield running


class Naps:
    """Instead of sleeping, remember for how long."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
def client(server: Loopback, naps: Naps) -> Client:
    return Client(config_of(server.url), sleep=naps)


@pytest.fixture
def backend(server: Loopback) -> BackendAPI:
    return BackendAPI(config_of(server.url))


def config_of(url: str, **settings: Any) -> ClerkConfig:
    usual = {"publishable_key": KEY, "secret_key": SECRET, "api_url": url}
    return ClerkConfig.load({**usual, **settings}, {}, {})


def answer_with(*answers: Answer) -> Any:
    """Answer with these in turn, the last again and again."""
    remaining = list(answers)
    return lambda call: remaining.pop(0) if len(remaining) > 1 else remaining[0]


# --- what is sent ----------------------------------------------------------------------------


def test_call_carries_key_version_and_json(client: Client, server: Loopback) -> None:
    server.reset(lambda call: answer_json({"id": "user_1"}))
    assert client.request("PATCH", "/users/user_1", query={"a": "ü &"}, body={"x": [1]}) == {
        "id": "user_1"
    }
    [call] = server.calls
    assert (call.method, call.path, call.query) == ("PATCH", "/v1/users/user_1", {"a": "ü &"})
    assert call.headers["authorization"] == f"Bearer {SECRET}"
    assert call.headers["clerk-api-version"] == "2026-05-12"
    assert call.headers["user-agent"].startswith("flask-clerk/")
    assert call.headers["content-type"] == "application/json"
    assert call.body == {"x": [1]}


def test_api_version_is_a_segment_of_the_path(server: Loopback) -> None:
    server.reset(lambda call: answer_json({}))
    Client(config_of(server.url, api_version="v2")).request("GET", "users")
    assert server.calls[0].path == "/v2/users"


def test_without_a_secret_key_nothing_is_asked(server: Loopback) -> None:
    server.reset(lambda call: answer_json({}))
    with pytest.raises(BackendAPIError, match="CLERK_SECRET_KEY"):
        Client(config_of(server.url, secret_key=None)).request("GET", "/users")
    assert server.calls == []


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": null}', b'"text"'], ids=repr)
def test_answer_is_the_decoded_json(content: bytes, client: Client, server: Loopback) -> None:
    server.reset(lambda call: Answer(200, content))
    expected: dict[bytes, Any] = {
        b"": None,
        b"[]": [],
        b'{"a": null}': {"a": None},
        b'"text"': "text",
    }
    assert client.request("DELETE", "/x") == expected[content]


def test_compressed_answer_is_read(client: Client, server: Loopback) -> None:
    packed = gzip.compress(b'{"a": 1}')
    server.reset(lambda call: Answer(200, packed, {"Content-Encoding": "gzip"}))
    assert client.request("GET", "/x") == {"a": 1}


# --- failing ---------------------------------------------------------------------------------


def test_refusal_tells_status_codes_and_trace(client: Client, server: Loopback) -> None:
    errors = [{"code": "a", "message": SECRET}, {"code": "b"}, {}, "no object"]
    server.reset(lambda call: answer_json({"errors": errors, "clerk_trace_id": "t1"}, 422))
    with pytest.raises(BackendAPIError) as caught:
        client.request("GET", "/x")
    error = caught.value
    assert (error.status, error.codes, error.trace_id) == (422, ("a", "b", ""), "t1")
    assert not error.is_unreachable
    assert str(error).startswith("The Backend API answered 422 a, b")


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b"null", b"[]", b'{"errors": 5}', b'{"errors": {"code": "a"}}', b"\xff"],
    ids=repr,
)
def test_refusal_of_an_unknown_shape_is_a_refusal_still(
    content: bytes, client: Client, server: Loopback
) -> None:
    server.reset(lambda call: Answer(400, content, {"cf-ray": "ray1"}))
    with pytest.raises(BackendAPIError, match=r"^The Backend API answered 400\.$") as caught:
        client.request("GET", "/x")
    assert (caught.value.status, caught.value.codes, caught.value.trace_id) == (400, (), "ray1")


def test_trace_id_that_is_no_text_is_none(client: Client, server: Loopback) -> None:
    server.reset(lambda call: answer_json({"clerk_trace_id": {"a": 1}}, 400))
    with pytest.raises(BackendAPIError) as caught:
        client.request("GET", "/x")
    assert caught.value.trace_id is None


@pytest.mark.parametrize(
    "content",
    [b"<html>", b"{", b'{"a": 1}}', b"\xff\xfe", b"[" * 100_000],
    ids=["html", "cut", "too much", "no text", "deep"],
)
def test_answer_that_is_no_json_is_none_at_all(
    content: bytes, client: Client, server: Loopback
) -> None:
    server.reset(lambda call: Answer(200, content))
    with pytest.raises(BackendAPIError, match="not JSON") as caught:
        client.request("POST", "/x")
    assert caught.value.is_unreachable


def test_answer_cut_in_the_middle_is_none_at_all(client: Client, server: Loopback) -> None:
    """``{"keys": []}`` without its end must not be taken for an answer, nor its beginning."""
    server.reset(lambda call: Answer(200, b'{"a": 1}', promised=100))
    with pytest.raises(BackendAPIError, match="could not be reached") as caught:
        client.request("POST", "/x")
    assert caught.value.is_unreachable


@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "gzip bomb"])
def test_oversized_answer_is_not_read_to_its_end(
    is_packed: bool, client: Client, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "MAX_ANSWER_SIZE", 1000)
    content = b'"' + b"a" * 1_000_000 + b'"'
    headers = {"Content-Encoding": "gzip"} if is_packed else {}
    body = gzip.compress(content) if is_packed else content
    server.reset(lambda call: Answer(200, body, headers))
    with pytest.raises(BackendAPIError, match="size limit"):
        client.request("POST", "/x")


def test_server_that_does_not_answer_is_not_waited_for(
    client: Client, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "TIMEOUT", (0.2, 0.2))
    done = threading.Event()
    server.reset(lambda call: Answer(200, b"{}", before=lambda: done.wait(5)))
    try:
        with pytest.raises(BackendAPIError, match="ReadTimeout") as caught:
            client.request("POST", "/x")
    finally:
        done.set()
    assert caught.value.is_unreachable


def test_every_call_has_a_timeout() -> None:
    assert all(0 < seconds <= 10 for seconds in client_module.TIMEOUT)


def test_refused_connection_is_a_clerk_error(naps: Naps) -> None:
    with pytest.raises(BackendAPIError, match="ConnectionError"):
        Client(config_of(dead_url()), sleep=naps).request("GET", "/x")
    assert len(naps.seconds) == client_module.MAX_TRIES - 1


def test_slow_failure_is_not_repeated(naps: Naps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "PATIENCE", 0.0)
    with pytest.raises(BackendAPIError, match="ConnectionError"):
        Client(config_of(dead_url()), sleep=naps).request("GET", "/x")
    assert naps.seconds == []


# --- trying again ----------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_idempotent_call_is_made_again(
    method: str, status: int, client: Client, server: Loopback, naps: Naps
) -> None:
    server.reset(answer_with(answer_json({}, status), answer_json({"a": 1})))
    assert client.request(method, "/x") == {"a": 1}
    assert len(server.calls) == 2
    assert all(0 < seconds <= client_module.MAX_PAUSE for seconds in naps.seconds)


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
def test_call_that_may_have_worked_is_not_made_again(
    method: str, client: Client, server: Loopback
) -> None:
    server.reset(lambda call: answer_json({}, 503))
    with pytest.raises(BackendAPIError, match="503"):
        client.request(method, "/x")
    assert len(server.calls) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 501])
def test_refusal_is_final(status: int, client: Client, server: Loopback, naps: Naps) -> None:
    server.reset(lambda call: answer_json({}, status))
    with pytest.raises(BackendAPIError, match=str(status)):
        client.request("GET", "/x")
    assert (len(server.calls), naps.seconds) == (1, [])


def test_no_call_is_made_more_than_three_times(client: Client, server: Loopback) -> None:
    server.reset(lambda call: answer_json({}, 500))
    with pytest.raises(BackendAPIError, match="500"):
        client.request("GET", "/x")
    assert len(server.calls) == client_module.MAX_TRIES == 3


def test_an_apps_own_random_numbers_are_left_alone(naps: Naps) -> None:
    before = random.getstate()
    with pytest.raises(BackendAPIError):
        Client(config_of(dead_url()), sleep=naps).request("GET", "/x")
    assert naps.seconds
    assert random.getstate() == before


def test_retry_after_is_kept_to(client: Client, server: Loopback, naps: Naps) -> None:
    busy = Answer(429, b"{}", {"Retry-After": "2"})
    server.reset(answer_with(busy, answer_json({"a": 1})))
    assert client.request("GET", "/x") == {"a": 1}
    assert naps.seconds == [2.0]


@pytest.mark.parametrize("asked", ["6", "3600", "9" * 400])
def test_pause_that_no_request_can_wait_for_is_not_waited_for(
    asked: str, client: Client, server: Loopback, naps: Naps
) -> None:
    server.reset(lambda call: Answer(429, b"{}", {"Retry-After": asked}))
    with pytest.raises(BackendAPIError) as caught:
        client.request("GET", "/x")
    assert caught.value.retry_after == float(asked)
    assert (len(server.calls), naps.seconds) == (1, [])


@pytest.mark.parametrize("asked", ["", "-1", "1.5", "Wed, 21 Oct 2015 07:28:00 GMT", "inf", "1_0"])
def test_retry_after_that_is_no_number_of_seconds_counts_for_nothing(
    asked: str, client: Client, server: Loopback, naps: Naps
) -> None:
    server.reset(answer_with(Answer(429, b"{}", {"Retry-After": asked}), answer_json({"a": 1})))
    assert client.request("GET", "/x") == {"a": 1}
    assert all(0 < seconds < 1 for seconds in naps.seconds)


def test_client_sleeps_for_real_unless_told_otherwise(server: Loopback) -> None:
    server.reset(answer_with(Answer(429, b"{}", {"Retry-After": "0"}), answer_json({"a": 1})))
    assert Client(config_of(server.url)).request("GET", "/x") == {"a": 1}


# --- the key stays where it belongs ----------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_never_followed(status: int, client: Client, server: Loopback) -> None:
    """The secret key must not travel to wherever a redirect points."""
    with Loopback().running() as elsewhere:
        server.reset(lambda call: Answer(status, b"", {"Location": elsewhere.url}))
        with pytest.raises(BackendAPIError, match=str(status)):
            client.request("GET", "/x")
        assert elsewhere.calls == []
    assert len(server.calls) == 1


def test_netrc_does_not_replace_the_key(
    client: Client, server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password x\n", "utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server.reset(lambda call: answer_json({}))
    client.request("GET", "/x")
    client.send("GET", f"{server.url}/open")
    assert server.calls[0].headers["authorization"] == f"Bearer {SECRET}"
    assert "authorization" not in server.calls[1].headers


def test_no_message_no_repr_and_no_log_line_has_the_key(
    client: Client, server: Loopback, naps: Naps, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = [repr(client), repr(client.__dict__)]
    for failing, url in (
        (Answer(401, b'{"errors": [{"code": "clerk_key_invalid"}]}'), server.url),
        (Answer(200, b"<html>"), server.url),
        (Answer(302, b"", {"Location": "https://evil.example"}), server.url),
        (Answer(200, b""), dead_url()),
    ):
        server.reset(answer_with(failing))
        try:
            Client(config_of(url), sleep=naps).request("GET", "/x")
        except BackendAPIError as error:
            told += [str(error), repr(error), repr(error.__cause__)]
    assert len(told) == 14
    assert not [text for text in [*told, caplog.text] if SECRET in text]


# --- the calls themselves --------------------------------------------------------------------

IDS = ["../users", "a/b", "a?b=c", "a#b", "%2e%2e", "%2F", "a b", "é", "a\r\nb", "..%2f", "..."]


@pytest.mark.parametrize("name", IDS)
def test_no_id_reaches_another_endpoint(name: str, backend: BackendAPI, server: Loopback) -> None:
    server.reset(lambda call: answer_json({"jwt": "t"}))
    backend.revoke_session(name)
    backend.create_token(name, name, 30)
    paths = [call.path for call in server.calls]
    assert [path.split("/")[1:3] for path in paths] == [["v1", "sessions"]] * 2
    assert [len(path.split("/")) for path in paths] == [5, 6]
    assert paths[0].endswith("/revoke")
    assert not [call for call in server.calls if call.query]


def listing(call: Call) -> Answer:
    """Answer the sessions of a user who has 501 active ones and a pending one."""
    assert call.query["user_id"] == "user_1"
    active = [{"id": f"sess_{number}"} for number in range(501)]
    offset = int(call.query["offset"])
    page = active[offset : offset + 500] if call.query["status"] == "active" else [{"id": "sess_p"}]
    return answer_json(page)


def test_all_sessions_of_a_user_are_revoked_however_many_there_are(
    backend: BackendAPI, server: Loopback
) -> None:
    server.reset(lambda call: listing(call) if call.method == "GET" else answer_json({}))
    backend.revoke_user("user_1")
    revoked = [call.path for call in server.calls if call.method == "POST"]
    ids = [*(f"sess_{number}" for number in range(501)), "sess_p"]
    assert revoked == [f"/v1/sessions/{each}/revoke" for each in ids]


def test_sessions_that_clerk_does_not_end_do_not_spare_the_others(
    backend: BackendAPI, server: Loopback
) -> None:
    answers = {"sess_a": 404, "sess_b": 500, "sess_c": 200}

    def respond(call: Call) -> Answer:
        if call.method == "GET":
            is_active = call.query["status"] == "active"
            return answer_json({"data": [{"id": each} for each in answers if is_active]})
        return answer_json({}, answers[call.path.split("/")[3]])

    server.reset(respond)
    with pytest.raises(BackendAPIError) as raised:
        backend.revoke_user("user_1")
    assert raised.value.status == 500
    assert len([call for call in server.calls if call.method == "POST"]) == 3


@pytest.mark.parametrize("document", ["sessions", {"data": ["sess_1"]}, [{"id": 7}]], ids=str)
def test_listing_of_an_unknown_shape_is_an_error(
    document: object, backend: BackendAPI, server: Loopback
) -> None:
    server.reset(lambda call: answer_json(document))
    with pytest.raises(BackendAPIError, match="unknown shape"):
        backend.revoke_user("user_1")


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_id_that_leads_upwards_is_refused(name: str, backend: BackendAPI, server: Loopback) -> None:
    """HTTP clients resolve dots even when they are escaped: ``/sessions/../revoke``."""
    server.reset(lambda call: answer_json({}))
    with pytest.raises(BackendAPIError, match="no such id"):
        backend.revoke_session(name)
    with pytest.raises(BackendAPIError, match="no such id"):
        backend.create_token("sess_1", name, None)
    with pytest.raises(BackendAPIError, match="no such id"):
        backend.refresh_session(name, {}, suffixed_cookies=False)
    assert server.calls == []


def test_keys_come_from_the_backend_api_with_a_secret_key(
    backend: BackendAPI, server: Loopback
) -> None:
    server.reset(lambda call: answer_json({"keys": []}))
    assert backend.fetch_jwks() == {"keys": []}
    assert (server.calls[0].path, server.calls[0].headers["authorization"]) == (
        "/v1/jwks",
        f"Bearer {SECRET}",
    )


def test_keys_come_from_the_frontend_api_without_one(server: Loopback, naps: Naps) -> None:
    server.reset(answer_with(answer_json({}, 503), answer_json({"keys": []})))
    config = config_of("https://unused.example", secret_key=None, frontend_api=server.url)
    backend = BackendAPI(config)
    backend.client = Client(config, sleep=naps)
    assert backend.fetch_jwks() == {"keys": []}
    assert [call.path for call in server.calls] == ["/.well-known/jwks.json"] * 2
    assert not [call for call in server.calls if "authorization" in call.headers]


def test_nonce_is_redeemed_once(backend: BackendAPI, server: Loopback) -> None:
    """A nonce is good for one call: a second try could only be told that it is used."""
    server.reset(lambda call: answer_json({}, 503))
    with pytest.raises(BackendAPIError, match="503"):
        backend.fetch_handshake_cookies("n&x=1")
    [call] = server.calls
    assert (call.method, call.path) == ("GET", "/v1/clients/handshake_payload")
    assert call.query == {"nonce": "n&x=1"}


@pytest.mark.parametrize(("suffixed", "query"), [(True, {"suffixed_cookies": "true"}), (False, {})])
def test_refresh_posts_its_fields_once(
    suffixed: bool, query: dict[str, str], backend: BackendAPI, server: Loopback
) -> None:
    server.reset(lambda call: answer_json({"cookies": ["a=1"]}))
    body = {"format": "cookie", "expired_token": "t"}
    assert backend.refresh_session("sess_1", body, suffixed_cookies=suffixed) == ["a=1"]
    [call] = server.calls
    assert (call.method, call.path) == ("POST", "/v1/sessions/sess_1/refresh")
    assert (call.query, call.body) == (query, body)


def test_token_is_minted_from_a_template_with_a_lifetime(
    backend: BackendAPI, server: Loopback
) -> None:
    server.reset(lambda call: answer_json({"jwt": "minted"}))
    assert backend.create_token("sess_1", "supabase", 30) == "minted"
    assert backend.create_token("sess_1", None, None) == "minted"
    assert [(call.path, call.body) for call in server.calls] == [
        ("/v1/sessions/sess_1/tokens/supabase", {"expires_in_seconds": 30}),
        ("/v1/sessions/sess_1/tokens", None),
    ]


@pytest.mark.parametrize("document", [[], "x", 5, {"jwt": None}, {"directives": "a=1"}], ids=repr)
def test_answer_of_an_unknown_shape_is_refused(
    document: Any, backend: BackendAPI, server: Loopback
) -> None:
    server.reset(lambda call: answer_json(document))
    with pytest.raises(BackendAPIError, match=r"unknown shape|without a token"):
        backend.create_token("sess_1", None, None)
    if isinstance(document, dict) and "jwt" in document:
        assert backend.fetch_handshake_cookies("n") == []
    else:
        with pytest.raises(BackendAPIError, match="unknown shape"):
            backend.fetch_handshake_cookies("n")


@pytest.mark.parametrize("lines", ["a=1", [1], [None], {"a": 1}], ids=repr)
def test_cookies_of_an_unknown_shape_are_refused(
    lines: Any, backend: BackendAPI, server: Loopback
) -> None:
    server.reset(lambda call: answer_json({"cookies": lines}))
    with pytest.raises(BackendAPIError, match="unknown shape"):
        backend.refresh_session("sess_1", {}, suffixed_cookies=False)


# --- processes and threads -------------------------------------------------------------------


def test_forked_process_does_not_share_its_parents_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two processes on one connection would read each other's answers."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Loopback("HTTP/1.1").running() as server:
        server.reset(lambda call: answer_json({"path": call.path}))
        client = Client(config_of(server.url))
        client.request("GET", "/before")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads beside a fork
            pid = os.fork()
        if pid == 0:  # pragma: no cover
            answer = client.request("GET", "/child")
            os._exit(0 if answer == {"path": "/v1/child"} else 1)
        assert os.waitpid(pid, 0)[1] == 0
        assert client.request("GET", "/after") == {"path": "/v1/after"}
        ports = {call.path: call.port for call in server.calls}
    assert ports["/v1/before"] == ports["/v1/after"]
    assert ports["/v1/child"] != ports["/v1/before"]


def test_threads_share_one_client(client: Client, server: Loopback) -> None:
    server.reset(lambda call: answer_json({"n": call.query["n"]}))
    answers: dict[str, Any] = {}

    def ask(n: str) -> None:
        answers[n] = client.request("GET", "/x", query={"n": n})

    threads = [threading.Thread(target=ask, args=(str(n),)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {str(n): {"n": str(n)} for n in range(16)}


def dead_url() -> str:
    """Return the URL of a port at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{held.getsockname()[1]}"


# --- what time it is there -------------------------------------------------------------------


def test_the_servers_clock_is_read_from_any_answer(client: Client, server: Loopback) -> None:
    server.reset(lambda call: answer_json({}, 404))
    before = time.time()

    there = client.server_time(server.url)

    assert before - 1 < there < time.time() + 1
    assert "authorization" not in server.calls[0].headers


def test_a_server_that_does_not_tell_its_time_is_found_out() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"{}"]

    client = Client(config_of("https://api.example.com"), adapter=WSGIAdapter(app))

    with pytest.raises(BackendAPIError, match="does not tell its time"):
        client.server_time("https://api.example.com")
