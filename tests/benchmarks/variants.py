"""The apps that are compared, and the requests that are sent to them. Every answer is a 200."""

from __future__ import annotations

import atexit
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Flask
from flask import g
from flask import request
from joserfc.jwk import RSAKey

from flask_clerk import Clerk
from flask_clerk import require_auth
from flask_clerk.core.keys import PublishableKey
from tests.loopback import Loopback
from tests.loopback import answer_json
from tests.signing import KID
from tests.signing import Signer
from tests.signing import session_claims

Environ = dict[str, Any]

#: Seconds for which the benchmarks' tokens live, so that none expires while it is measured.
LIFETIME = 7200
PUBLISHABLE_KEY = PublishableKey.build("clerk.example.com", "production")
_serial = count()
_ENDS = ExitStack()
atexit.register(_ENDS.close)


@dataclass(frozen=True)
class Variant:
    """One app and the requests that it is measured with.

    :param requests: Makes so many requests, whose texts are new objects as a server's are.
    :param knows: Whom the app says that it has seen, for a request of ``requests``.
    """

    name: str
    app: Flask
    requests: Callable[[int], list[Environ]]
    knows: str | None


class Workshop:
    """Makes tokens with one key, and apps that believe them."""

    def __init__(self, key: RSAKey | None = None) -> None:
        self.key: RSAKey = key or RSAKey.generate_key(2048, private=True)
        self.sign = Signer(self.key)
        self.pem = self.key.as_pem(private=False).decode("ascii")
        self.jwk = {**self.key.as_dict(private=False), "kid": KID, "alg": "RS256", "use": "sig"}

    def token(self, number: int | None = None) -> str:
        """Return a session token as Clerk issues it; each number is somebody else's."""
        serial = next(_serial) if number is None else number
        now = time.time()
        return self.sign(
            session_claims(
                now,
                exp=int(now) + LIFETIME,
                jti=f"{serial:020d}",
                sid=f"sess_{serial:027d}",
                sub=f"user_{serial:027d}",
            )
        )

    def app(self, view: Callable[[], Any] = lambda: "hello", **settings: Any) -> Flask:
        """Return an app with Clerk in front of one view."""
        app = bare_app(view)
        Clerk(app, jwt_key=self.pem, publishable_key=PUBLISHABLE_KEY.value, **settings)
        return app


def bare_app(view: Callable[[], Any] = lambda: "hello") -> Flask:
    """Return an app with one view and nothing else."""
    app = Flask("measured", static_folder=None)
    app.add_url_rule("/page", "page", view)
    return app


def environ_of(headers: dict[str, str]) -> Environ:
    """Return a WSGI environment (PEP 3333) of a navigation in a browser."""
    sent = {
        "HOST": "app.example.com",
        "USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "ACCEPT": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "ACCEPT_LANGUAGE": "en-US,en;q=0.5",
        "ACCEPT_ENCODING": "gzip, deflate, br, zstd",
        "CONNECTION": "keep-alive",
        "SEC_FETCH_DEST": "document",
        "SEC_FETCH_MODE": "navigate",
        "SEC_FETCH_SITE": "same-origin",
        "REFERER": "https://app.example.com/other/page",
        **headers,
    }
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/page",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": None,
        "wsgi.errors": None,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **{f"HTTP_{name}": _new(value) for name, value in sent.items()},
    }


def browser(token: str) -> Environ:
    """Return a navigation of a signed-in browser, with both generations of cookies."""
    suffix, since = PUBLISHABLE_KEY.cookie_suffix, int(time.time()) - 600
    cookies = (
        f"__client_uat={since}; __client_uat_{suffix}={since}; "
        f"__session={token}; __session_{suffix}={token}; theme=dark"
    )
    return environ_of({"COOKIE": cookies})


def bearer(token: str) -> Environ:
    """Return a request of a client that sends its token in the header."""
    return environ_of({"AUTHORIZATION": f"Bearer {token}"})


def call(app: Flask, environ: Environ) -> tuple[str, bytes]:
    """Return the status line and the body of an answer."""
    status: list[str] = []

    def start(line: str, headers: Any, info: Any = None) -> Callable[[bytes], None]:
        status.append(line)
        return _write

    body = b"".join(app(environ, start))
    return status[0], body


def variants(shop: Workshop) -> list[Variant]:
    """Return all that is compared; the first is the measure of the others."""
    known = shop.token(0)
    user = f"user_{0:027d}"

    def warm(number: int) -> list[Environ]:
        return [browser(known) for _ in range(number)]

    def header(number: int) -> list[Environ]:
        return [bearer(known) for _ in range(number)]

    def cold(number: int) -> list[Environ]:
        return [browser(shop.token()) for _ in range(number)]

    def anonymous(number: int) -> list[Environ]:
        return [environ_of({}) for _ in range(number)]

    def opens_session() -> str:
        from flask import session

        return str(session.get("visits", g.auth.user_id))

    with_session = shop.app(opens_session)
    with_session.secret_key = "measured"
    bare_session = bare_app(lambda: str(_session_of_flask()))
    bare_session.secret_key = "measured"
    return [
        Variant("bare Flask view", bare_app(), warm, None),
        Variant("warm: a browser seen before", shop.app(), warm, user),
        Variant("warm: a header seen before", shop.app(), header, user),
        Variant("warm: a guarded view that reads g.auth", shop.app(reads_auth), warm, user),
        Variant("cold: a browser's new token", shop.app(), cold, "any"),
        Variant("anonymous, with two debug headers", shop.app(), anonymous, None),
        Variant("bare, a view that opens a session", bare_session, warm, None),
        Variant("warm, a view that opens a session", with_session, warm, user),
        Variant("bare, a view of JSON", bare_app(json_view), warm, None),
        Variant("warm, a view of JSON", shop.app(json_view), warm, user),
        Variant("flask-jwt-extended", jwt_extended_app(shop), header, user),
        Variant("official SDK, networkless", sdk_app(shop), warm, user),
        Variant("official SDK, JWKS", sdk_jwks_app(shop), warm, user),
        Variant("bare, and one raw RSA-2048 verification", raw_app(shop), warm, None),
    ]


@require_auth
def reads_auth() -> str:
    """Say who is signed in."""
    return g.auth.user_id or "nobody"


def json_view() -> dict[str, Any]:
    """Answer with some JSON."""
    return {"numbers": [1, 2, 3], "text": "hello"}


def sdk_app(shop: Workshop) -> Flask:
    """Return an app in which Clerk's own Python SDK verifies, without a network."""
    from clerk_backend_api.security import authenticate_request
    from clerk_backend_api.security.types import AuthenticateRequestOptions

    app = bare_app()
    options = AuthenticateRequestOptions(jwt_key=shop.pem)

    @app.before_request
    def authenticate() -> None:
        state = authenticate_request(request, options)  # type: ignore[arg-type]
        g.seen = state.payload["sub"] if state.payload else None

    return app


def sdk_jwks_app(shop: Workshop) -> Flask:
    """Return an app in which the SDK verifies with keys that it has fetched from loopback."""
    from clerk_backend_api.security import VerifyTokenOptions
    from clerk_backend_api.security import verify_token

    app = bare_app()
    clerk = _ENDS.enter_context(Loopback().running())
    clerk.respond = lambda call: answer_json({"keys": [shop.jwk]})
    options = VerifyTokenOptions(secret_key="sk_test_measured", api_url=clerk.url)

    @app.before_request
    def authenticate() -> None:
        g.seen = verify_token(request.cookies["__session"], options)["sub"]

    return app


def raw_app(shop: Workshop) -> Flask:
    """Return an app that does nothing but OpenSSL's part of a verification."""
    app = bare_app()
    verify, token = raw_verification(shop), shop.token(0)

    @app.before_request
    def authenticate() -> None:
        verify(token)

    return app


def raw_verification(shop: Workshop) -> Callable[[str], None]:
    """Return what verifies a token's signature, without reading anything else of it."""
    public_key, padding, digest = shop.key.public_key, PKCS1v15(), SHA256()

    def verify(token: str) -> None:
        signed, _, signature = token.rpartition(".")
        public_key.verify(urlsafe_b64decode(signature + "=="), signed.encode(), padding, digest)

    return verify


def jwt_extended_app(shop: Workshop) -> Flask:
    """Return an app in which flask-jwt-extended verifies the header."""
    from flask_jwt_extended import JWTManager
    from flask_jwt_extended import get_jwt_identity
    from flask_jwt_extended import verify_jwt_in_request

    app = bare_app()
    app.config.update(JWT_ALGORITHM="RS256", JWT_PUBLIC_KEY=shop.pem)
    JWTManager(app)

    @app.before_request
    def authenticate() -> None:
        verify_jwt_in_request()
        g.seen = get_jwt_identity()

    return app


def seen_by(variant: Variant, environ: Environ) -> str | None:
    """Return whom a variant's app takes a request's sender for."""
    seen: list[str | None] = []

    def look(error: BaseException | None) -> None:
        has_clerk = "clerk" in variant.app.extensions
        seen.append(g.auth.user_id if has_clerk else g.get("seen"))

    # As teardown_request would, were the app not at work already.
    variant.app.teardown_request_funcs.setdefault(None, []).append(look)
    try:
        call(variant.app, environ)
    finally:
        variant.app.teardown_request_funcs[None].remove(look)
    return seen[0]


def _session_of_flask() -> Any:
    from flask import session

    return session.get("visits")


def _new(text: str) -> str:
    """Return an equal string whose hash nobody has computed yet, as a server's are."""
    return text.encode("latin-1").decode("latin-1")


def _write(data: bytes) -> None:
    raise NotImplementedError("Flask writes through what it returns.")
