"""Satellites, other origins and organizations: sessions that are settled by way of Clerk."""

from __future__ import annotations

from typing import Any

import pytest

from flask_clerk.core.constants import Reason
from flask_clerk.core.organizations import Target
from tests.core.scene import APP
from tests.core.scene import DEVELOPMENT_SATELLITE
from tests.core.scene import LIVE
from tests.core.scene import SATELLITE
from tests.core.scene import SIGNED_IN
from tests.core.scene import SIGNED_OUT
from tests.core.scene import TEST
from tests.core.scene import Scene
from tests.core.scene import query
from tests.core.scene import set_cookies
from tests.core.scene import without_query
from tests.signing import Signer


def test_satellite_of_production_syncs_by_its_own_frontend_api(sign: Signer) -> None:
    scene = Scene(sign, **SATELLITE)
    state = scene.decide("https://satellite.example/a?__clerk_synced=false")
    assert without_query(state.location) == "https://clerk.satellite.example/v1/client/handshake"


def test_satellite_of_development_syncs_by_the_primarys_sign_in_page(sign: Signer) -> None:
    scene = Scene(sign, **DEVELOPMENT_SATELLITE)
    url = "https://satellite.example/a?__clerk_synced=false"
    state = scene.decide(url)
    assert without_query(state.location) == "https://primary.example/sign-in"
    assert query(state.location) == {"__clerk_redirect_url": url}
    assert set_cookies(state)


def test_satellite_with_a_session_does_not_sync(sign: Signer) -> None:
    scene = Scene(sign, **SATELLITE, satellite_auto_sync=True)
    url = "https://satellite.example/"
    assert scene.decide(url, cookies=scene.cookies(scene.token())).is_signed_in
    assert scene.decide(url, cookies={"__client_uat": "5"}).reason == (
        Reason.UAT_WITHOUT_SESSION_TOKEN
    )


def test_satellite_does_not_settle_visitors_of_other_origins(sign: Signer) -> None:
    scene = Scene(sign, **SATELLITE)
    state = scene.decide(
        "https://satellite.example/",
        cookies=scene.cookies(scene.token()),
        headers={"Referer": "https://primary.example/"},
    )
    assert state.is_signed_in


def test_primary_answers_a_satellite_with_the_development_browser(sign: Signer) -> None:
    scene = Scene(sign, key=TEST, allowed_redirect_origins=["https://satellite.example"])
    asked = "https%3A%2F%2Fsatellite.example%2Fback%3F__clerk_synced%3Dfalse%26x%3D1"
    state = scene.decide(f"{APP}/?__clerk_redirect_url={asked}", cookies=scene.cookies())
    assert without_query(state.location) == "https://satellite.example/back"
    assert query(state.location) == {
        "x": "1",
        "__clerk_db_jwt": "dvb_1",
        "__clerk_synced": "true",
    }


def test_primary_answers_a_satellite_without_a_development_browser_too(sign: Signer) -> None:
    scene = Scene(sign, key=TEST, allowed_redirect_origins=["https://satellite.example"])
    state = scene.decide(f"{APP}/?__clerk_redirect_url=https://satellite.example")
    assert query(state.location) == {"__clerk_synced": "true"}


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "https:evil.example",
        "/\\evil.example",
        "https://satellite.example@evil.example/",
        "https://satellite.example.evil.example/",
        "http://satellite.example/",
        "https://satellite.example:8443/",
        "javascript:alert(1)",
        "https://satellite.example\\@evil.example/",
        "https://[evil",
        "%09//evil.example",
    ],
)
def test_primary_answers_no_other_origin(
    target: str, sign: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    """Difference 4: the development browser's token must not travel to anybody who asks."""
    scene = Scene(sign, key=TEST, allowed_redirect_origins=["https://satellite.example"])
    state = scene.decide(f"{APP}/?__clerk_redirect_url={target}", cookies={"__clerk_db_jwt": "d"})
    assert (state.status, state.reason) == (SIGNED_OUT, Reason.SESSION_TOKEN_AND_UAT_MISSING)
    assert state.location is None
    assert "CLERK_ALLOWED_REDIRECT_ORIGINS" in caplog.text


def test_satellite_answers_no_satellite(sign: Signer) -> None:
    origins = ["https://satellite.example"]
    scene = Scene(sign, **DEVELOPMENT_SATELLITE, allowed_redirect_origins=origins)
    state = scene.decide(
        f"{APP}/?__clerk_redirect_url=https://satellite.example/",
        cookies=scene.cookies(scene.token()),
    )
    assert (state.status, state.location) == (SIGNED_IN, None)


def test_production_answers_no_satellite(sign: Signer) -> None:
    scene = Scene(sign, allowed_redirect_origins=["https://satellite.example"])
    state = scene.decide(f"{APP}/?__clerk_redirect_url=https://satellite.example/")
    assert (state.status, state.location) == (SIGNED_OUT, None)


@pytest.mark.parametrize(
    ("key", "referrer", "settles"),
    [
        (LIVE, "https://elsewhere.example/page", True),
        (LIVE, f"{APP}/other", False),
        (LIVE, "https://app.example.com:443/", False),
        (LIVE, "http://app.example.com/", True),
        (LIVE, "https://clerk.example.com/", False),
        (LIVE, "https://accounts.example.com/sign-in", False),
        (LIVE, "http://accounts.example.com/", True),
        (LIVE, "https://foo.accounts.dev/", True),
        (LIVE, "about:blank", False),
        (LIVE, "", False),
        (TEST, "https://foo-bar-13.accounts.dev/sign-in", False),
        (TEST, "https://foo-bar-13.clerk.accounts.dev/", False),
        (TEST, "https://other-1.accounts.dev/", False),
        (TEST, "https://other-1.clerk.accounts.dev/", True),
        (TEST, "https://accounts.x.lcl.dev/", False),
        (TEST, "https://evil-accounts.dev/", True),
        (TEST, "https://accounts.dev.evil.example/", True),
    ],
)
def test_document_from_another_origin_settles_anew(
    key: Any, referrer: str, settles: bool, sign: Signer
) -> None:
    scene = Scene(sign, key=key)
    sent = scene.cookies(scene.token())
    state = scene.decide(cookies=sent, headers={"Referer": referrer})
    assert state.reason == (Reason.CROSS_ORIGIN_SYNC if settles else None)


def test_document_from_another_origin_settles_once(sign: Signer) -> None:
    scene = Scene(sign)
    sent = {**scene.cookies(scene.token()), "__clerk_redirect_count": "1"}
    state = scene.decide(cookies=sent, headers={"Referer": "https://elsewhere.example/"})
    assert state.is_signed_in


def test_frame_or_header_token_from_another_origin_does_not_settle(sign: Signer) -> None:
    scene = Scene(sign)
    elsewhere = {"Referer": "https://elsewhere.example/"}
    in_frame = scene.decide(
        cookies=scene.cookies(scene.token()), headers={**elsewhere, "Sec-Fetch-Dest": "iframe"}
    )
    in_header = scene.decide(headers={**elsewhere, "Authorization": f"Bearer {scene.token()}"})
    assert in_frame.is_signed_in
    assert in_header.is_signed_in


ORG_1 = {"id": "org_1", "slg": "acme", "rol": "admin"}


@pytest.mark.parametrize(
    ("target", "organization", "wanted"),
    [
        (Target(organization_slug="acme"), ORG_1, None),
        (Target(organization_slug="beta"), ORG_1, "beta"),
        (Target(organization_slug="acme"), None, "acme"),
        (Target(organization_id="org_1"), ORG_1, None),
        (Target(organization_id="org_2"), ORG_1, "org_2"),
        (Target(), ORG_1, ""),
        (Target(), None, None),
        (None, ORG_1, None),
    ],
    ids=[
        "same slug",
        "another slug",
        "slug but none active",
        "same id",
        "another id",
        "personal but one active",
        "personal",
        "no rule",
    ],
)
def test_url_activates_its_organization(
    target: Target | None, organization: Any, wanted: str | None, sign: Signer
) -> None:
    scene = Scene(sign, organization_of=lambda path: target)
    state = scene.decide(cookies=scene.cookies(scene.token(o=organization)))
    if wanted is None:
        assert state.is_signed_in
    else:
        assert state.reason == Reason.ACTIVE_ORGANIZATION_MISMATCH
        assert query(state.location)["organization_id"] == wanted


def test_organization_that_three_handshakes_could_not_activate_is_left_to_the_view(
    sign: Signer,
) -> None:
    scene = Scene(sign, organization_of=lambda path: Target(organization_slug="acme"))
    sent = {**scene.cookies(scene.token()), "__clerk_redirect_count": "3"}
    assert scene.decide(cookies=sent).is_signed_in


@pytest.mark.parametrize("method", ["POST", "HEAD"])
def test_another_method_than_get_activates_nothing(method: str, sign: Signer) -> None:
    scene = Scene(sign, organization_of=lambda path: Target(organization_slug="acme"))
    state = scene.decide(method=method, cookies=scene.cookies(scene.token()))
    assert (state.status, state.location) == (SIGNED_IN, None)
