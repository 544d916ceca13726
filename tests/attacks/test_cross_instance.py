"""Tokens of one instance in another one's app, with the same ``kid`` and in the same process."""

from __future__ import annotations

from flask import Flask
from joserfc.jwk import RSAKey
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from flask_clerk import Clerk
from flask_clerk.core.constants import Reason
from flask_clerk.core.keys import PublishableKey
from tests.attacks.target import Target
from tests.attacks.target import add_views
from tests.attacks.target import session_cookies
from tests.loopback import Loopback
from tests.loopback import answer_json
from tests.signing import KID
from tests.visitors import bearer


def test_a_token_is_good_in_its_own_app_alone(keys: RSAKey, forger: RSAKey) -> None:
    """Both are warm, so that nothing that one of them remembers serves the other."""
    first, second = Target(keys), Target(forger)
    tokens = [first.token(), second.token(sub="user_2")]
    for _ in range(2):
        first.assert_signed_in(tokens[0], "user_1")
        second.assert_signed_in(tokens[1], "user_2")
        for app, token in ((first, tokens[1]), (second, tokens[0])):
            app.assert_refused(token, Reason.TOKEN_INVALID_SIGNATURE)
            app.assert_refused(session_cookies(token), Reason.TOKEN_INVALID_SIGNATURE)


def test_fetched_keys_of_one_name_are_kept_apart(keys: RSAKey, forger: RSAKey) -> None:
    """The SDKs that kept keys by their bare ``kid`` let one tenant's tokens into another's app."""
    clerk = Loopback()
    published = {"sk_live_first": keys, "sk_live_second": forger}

    def respond(call):
        key = published[call.headers["authorization"].removeprefix("Bearer ")]
        return answer_json({"keys": [{**key.as_dict(private=False), "kid": KID}]})

    clerk.respond = respond
    with clerk.running():
        first, second = (
            Target(key, jwt_key=None, secret_key=secret, api_url=clerk.url)
            for secret, key in published.items()
        )
        for _ in range(2):
            first.assert_signed_in(first.token())
            second.assert_signed_in(second.token())
            first.assert_refused(second.token(), Reason.TOKEN_INVALID_SIGNATURE)
            second.assert_refused(first.token(), Reason.TOKEN_INVALID_SIGNATURE)
        assert len(clerk.calls) == 2


def test_one_clerk_for_two_apps_keeps_their_settings_apart(keys: RSAKey, forger: RSAKey) -> None:
    clerk = Clerk()
    targets = [Target(keys), Target(forger)]
    apps = []
    for made in targets:
        app = add_views(Flask("other", static_folder=None))
        clerk.init_app(app, jwt_key=made.key.as_pem(private=False).decode())
        apps.append(app)
    for i in (0, 1, 0):
        for j in (0, 1, 0):
            answer = (
                apps[i]
                .test_client(use_cookies=False)
                .get("/open", headers=bearer(targets[j].token()))
            )
            assert answer.text == ("user_1" if i == j else "nobody")


def test_a_mounted_app_asks_its_own_instance(keys: RSAKey, forger: RSAKey) -> None:
    outer, inner = Target(keys), Target(forger)
    client = Client(DispatcherMiddleware(outer.app, {"/inner": inner.app}))
    for token, seen in (
        (outer.token(), ("user_1", "nobody")),
        (inner.token(), ("nobody", "user_1")),
    ):
        for _ in range(2):
            for path, expected in zip(("/open", "/inner/open"), seen, strict=True):
                assert client.get(path, headers=bearer(token)).text == expected


def test_cookies_with_anothers_suffix_are_not_read(target: Target) -> None:
    other = PublishableKey.build("clerk.other.example", "production").cookie_suffix
    token = target.token()
    names = [f"__session_{other}", "__session_", f"__session_{other[:7]}", "__session_x"]
    for name in names:
        target.assert_refused(
            {"Cookie": f"{name}={token}; __client_uat_{other}=1"},
            Reason.SESSION_TOKEN_AND_UAT_MISSING,
        )
    target.assert_signed_in(session_cookies(token))


def test_a_suffix_is_no_proof_of_origin(target: Target, forger: RSAKey) -> None:
    """Whoever knows the publishable key knows the suffix: the cookie is verified all the same."""
    forged = target.sign(target.claims(), key=forger)
    target.assert_refused(session_cookies(forged), Reason.TOKEN_INVALID_SIGNATURE)
