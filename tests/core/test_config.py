"""Every setting: from three places, typed, and refused in one sentence that shows no secret."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from flask_clerk.core.config import ClerkConfig
from flask_clerk.core.config import wants_local
from flask_clerk.core.errors import ConfigurationError
from flask_clerk.core.keys import PublishableKey
from flask_clerk.core.keys import SecretKey
from flask_clerk.core.tokens import TOKEN_TYPES

PUBLISHABLE = "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k"
OTHER_PUBLISHABLE = "pk_test_" + "Y2xlcmsub3RoZXIuY29tJA"
SECRET = "sk_test_verysecret"
KEYS = {"publishable_key": PUBLISHABLE, "secret_key": SECRET}


def load(**arguments: Any) -> ClerkConfig:
    return ClerkConfig.load({**KEYS, **arguments}, {}, {})


def refusal(**arguments: Any) -> str:
    with pytest.raises(ConfigurationError) as refused:
        load(**arguments)
    error: BaseException | None = refused.value
    while error is not None:
        assert "verysecret" not in str(error) + repr(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return refused.value.message


#: For each setting: texts for the keyword argument, the app and the environment, and what the
#: first, the second, the third and none of them give.
PLACES: dict[str, tuple[list[str], list[Any]]] = {
    "publishable_key": (
        ["pk_test_YS5jb20k", "pk_test_Yi5jb20k", "pk_test_Yy5jb20k"],
        [*(PublishableKey.build(host) for host in ("a.com", "b.com", "c.com")), None],
    ),
    "secret_key": (
        ["sk_test_1", "sk_test_2", "sk_test_3"],
        [SecretKey("sk_test_1"), SecretKey("sk_test_2"), SecretKey("sk_test_3"), None],
    ),
    "machine_secret_key": (
        ["ak_1", "ak_2", "ak_3"],
        [SecretKey("ak_1"), SecretKey("ak_2"), SecretKey("ak_3"), None],
    ),
    "api_url": (
        ["https://a.com", "https://b.com/", "http://127.0.0.1:1/x"],
        ["https://a.com", "https://b.com", "http://127.0.0.1:1/x", "https://api.clerk.com"],
    ),
    "api_version": (["v1", "v2", "v3"], ["v1", "v2", "v3", "v1"]),
    "frontend_api": (
        ["a.com", "https://b.com", "http://c.com:5000/"],
        ["https://a.com", "https://b.com", "http://c.com:5000", None],
    ),
    "authorized_parties": (
        ["https://a.com", "https://A.com, http://b.com:5000,", "http://[::1]:5000"],
        [("https://a.com",), ("https://a.com", "http://b.com:5000"), ("http://[::1]:5000",), ()],
    ),
    "audience": (["a", " b , c ", "d,"], [("a",), ("b", "c"), ("d",), ()]),
    "issuers": (
        ["https://a", "https://b,https://c", "https://d"],
        [("https://a",), ("https://b", "https://c"), ("https://d",), ()],
    ),
    "clock_skew": (["0", "2.5", "60"], [0.0, 2.5, 60.0, 5.0]),
    "accepts_token": (
        ["any", "api_key,m2m_token", "oauth_token"],
        [TOKEN_TYPES, ("api_key", "m2m_token"), ("oauth_token",), ("session_token",)],
    ),
    "proxy_url": (
        ["/__clerk", "/__clerk/", "https://a.com/p/"],
        ["/__clerk", "/__clerk", "https://a.com/p", None],
    ),
    "domain": (["a.com", "B.com", "localhost:5000"], ["a.com", "b.com", "localhost:5000", None]),
    "is_satellite": (["false", "0", "no"], [False, False, False, False]),
    "satellite_auto_sync": (["true", "1", "off"], [True, True, False, False]),
    "organization_patterns": (
        ["/orgs/<slug>", "/a/<id>, /b/<id>", "/"],
        [("/orgs/<slug>",), ("/a/<id>", "/b/<id>"), ("/",), ()],
    ),
    "personal_account_patterns": (["/me", "/a,/b", "/c"], [("/me",), ("/a", "/b"), ("/c",), ()]),
    "require_auth": (["yes", "TRUE", " on "], [True, True, True, False]),
    "redirect_to_sign_in": (["1", "false", "No"], [True, False, False, False]),
    "treat_pending_as_signed_out": (["false", "true", "0"], [False, True, False, True]),
    "machine_token_cache_ttl": (["0", "1e2", "60"], [0.0, 100.0, 60.0, 0.0]),
    "jwks_ttl": (["0", "1e2", "60"], [0.0, 100.0, 60.0, 300.0]),
    "token_cache_size": (["0", "5", "1e3"], [0, 5, 1000, 10_000]),
    "webhook_signing_secret": (
        ["whsec_QUFB", "whsec_QkI, whsec_Q0M=", "whsec_+/8="],
        [("whsec_QUFB",), ("whsec_QkI", "whsec_Q0M="), ("whsec_+/8=",), ()],
    ),
    "revocation_url": (
        ["redis://a:6379/0", "rediss://u:p@b/1", "unix:///run/redis.sock"],
        ["redis://a:6379/0", "rediss://u:p@b/1", "unix:///run/redis.sock", "memory://"],
    ),
    "revocation_lifetime": (["0", "1e2", "60"], [0.0, 100.0, 60.0, 60.0]),
    "revocation_fail_closed": (["1", "no", "on"], [True, False, True, False]),
    "js_version": (["6", "6.40.0", "5"], ["6", "6.40.0", "5", None]),
    "local": (["1", "yes", "0"], [True, True, False, False]),
    **{
        name: (["/in", "https://a.com/in/", "/"], ["/in", "https://a.com/in", "/", None])
        for name in (
            "sign_in_url", "sign_up_url", "sign_in_fallback_redirect_url",
            "sign_in_force_redirect_url", "sign_up_fallback_redirect_url",
            "sign_up_force_redirect_url", "js_url",
        )
    },
    "allowed_redirect_origins": (
        ["https://a.com", "https://b.com,https://c.com", "http://d.com:1"],
        [("https://a.com",), ("https://b.com", "https://c.com"), ("http://d.com:1",), ()],
    ),
}  # fmt: skip


def test_the_table_has_every_setting_and_a_pem_has_a_test_of_its_own() -> None:
    assert set(PLACES) | {"jwt_key"} == {spec.name for spec in dataclasses.fields(ClerkConfig)}


@pytest.mark.parametrize("name", PLACES)
def test_keyword_arguments_win_over_the_app_which_wins_over_the_environment(
    name: str, public_pem: str
) -> None:
    texts, expected = PLACES[name]
    variable = f"CLERK_{name.upper()}"
    argument, app, environ = (
        {name: texts[0]}, {variable: texts[1]}, {variable: texts[2]},
    )  # fmt: skip
    usable = {"jwt_key": public_pem}
    if name == "redirect_to_sign_in":
        usable["sign_in_url"] = "/enter"
    found = [
        ClerkConfig.load({**usable, **argument}, app, environ),
        ClerkConfig.load(usable, app, environ),
        ClerkConfig.load(usable, {}, environ),
        ClerkConfig.load(usable, {}, {}),
        ClerkConfig.load({**usable, name: None}, {variable: ""}, environ),
        ClerkConfig.load({**usable, name: ""}, {variable: None}, {variable: ""}),
    ]
    assert [getattr(config, name) for config in found] == [
        *expected, expected[2], expected[3],
    ]  # fmt: skip


def test_a_pem_comes_from_all_three_places(public_pem: str, keys: RSAKey) -> None:
    body = "".join(line for line in public_pem.splitlines() if "-----" not in line)
    three: list[tuple[dict[str, str], dict[str, str], dict[str, str]]] = [
        ({"jwt_key": public_pem}, {}, {}),
        ({}, {"CLERK_JWT_KEY": body}, {}),
        ({}, {}, {"CLERK_JWT_KEY": public_pem.replace("\n", "\\n")}),
    ]
    for places in three:
        found = ClerkConfig.load(*places).jwt_key
        assert found is not None
        assert found.public_key.public_numbers() == keys.public_key.public_numbers()


def test_fapi_is_accepted_for_frontend_api_and_the_whole_name_wins() -> None:
    assert ClerkConfig.load(KEYS, {}, {"CLERK_FAPI": "a.com"}).frontend_api == "https://a.com"
    assert ClerkConfig.load(KEYS, {"CLERK_FAPI": "a.com"}, {}).frontend_api == "https://a.com"
    both = {"CLERK_FAPI": "a.com", "CLERK_FRONTEND_API": "b.com"}
    assert ClerkConfig.load(KEYS, both, {}).frontend_api == "https://b.com"
    app, environ = {"CLERK_FAPI": "a.com"}, {"CLERK_FRONTEND_API": "b.com"}
    assert ClerkConfig.load(KEYS, app, environ).frontend_api == "https://a.com"


def test_python_values_are_taken_as_they_are() -> None:
    config = load(
        authorized_parties=["https://a.com"],
        audience=("a", "b"),
        issuers=iter(["https://c"]),
        clock_skew=0,
        jwks_ttl=1.5,
        token_cache_size=7,
        require_auth=True,
        treat_pending_as_signed_out=False,
        accepts_token=["any"],
    )
    assert config.authorized_parties == ("https://a.com",)
    assert (config.audience, config.issuers) == (("a", "b"), ("https://c",))
    assert (config.clock_skew, config.jwks_ttl, config.token_cache_size) == (0, 1.5, 7)
    assert config.require_auth
    assert not config.treat_pending_as_signed_out
    assert config.accepts_token == TOKEN_TYPES


BAD_VALUES: dict[str, list[Any]] = {
    "publishable_key": [SECRET, "verysecret", 7, ["pk"], b"pk_test_", "pk_test_\n", " "],
    "secret_key": [PUBLISHABLE, "verysecret", 7, b"sk_test_x", "sk_test_very\nsecret", " "],
    "machine_secret_key": [SECRET, "verysecret", 7],
    "jwt_key": ["verysecret", SECRET, 7, b"verysecret", ["verysecret"], "verysecret\udcff"],
    "api_url": ["api.clerk.com", "https://api.clerk.com/v1", "https://a.com/v12/",
                "http://a.com", "ftp://a", 7,
                "https://user:verysecret@a.com", "https://a.com\\x", "//a.com"],
    "api_version": [1, ["v1"], "v\n1"],
    "frontend_api": ["a b", "ftp://a.com", "https://", 7, "user:verysecret@a.com"],
    "authorized_parties": ["app.example.com", "https://a.com/", "https://a.com/x", "*",
                           "https://*.a.com", ["https://a.com", "b.com"], 7, b"https://a.com",
                           [7], [None], "https://u:verysecret@a.com", "https://a.com:443"],
    "audience": [7, [7], b"a", True, ["a\nb"]],
    "issuers": [7, [None], "clerk.example.com"],
    "clock_skew": ["five", -1, "-1", "nan", "inf", True, [5], {}, 10**400, "1e400", "5 s"],
    "accepts_token": ["session", [], ",", ["any", "verysecret"], 7],
    "proxy_url": ["__clerk", "//evil.com", "/\\evil.com", "https:x", "javascript:x", 7],
    "domain": ["https://a.com", "a.com/x", "a b", "-a.com", "@", 7, " "],
    "is_satellite": ["maybe", 2, "verysecret", [], "tru e"],
    "satellite_auto_sync": ["ja", -1, 0.5],
    "organization_patterns": ["orgs/<slug>", ["/a", "b"], 7],
    "personal_account_patterns": ["me", [7]],
    "sign_in_url": ["sign-in", "//evil.com", "javascript:x", 7, "/a\nb"],
    "sign_up_url": ["sign-up"],
    "sign_in_fallback_redirect_url": ["home"],
    "sign_in_force_redirect_url": ["//evil.com"],
    "sign_up_fallback_redirect_url": ["https:/evil.com"],
    "sign_up_force_redirect_url": ["data:x"],
    "allowed_redirect_origins": ["*", "https://a.com/", "satellite.example"],
    "require_auth": ["sometimes", 7],
    "redirect_to_sign_in": ["/sign-in"],
    "treat_pending_as_signed_out": ["pending"],
    "machine_token_cache_ttl": ["5m", -1, float("inf"), True],
    "jwks_ttl": ["5m", -1, float("nan"), float("inf"), False],
    "token_cache_size": [1.5, "many", -1, True, "1e400"],
    "webhook_signing_secret": [
        "verysecret", SECRET, 7, "whsec_", "whsec_a", "whsec_QUFB,verysecret", "whsec_very secret",
    ],
    "revocation_url": ["http://user:verysecret@a", "verysecret", 7],
    "revocation_fail_closed": ["closed", 2],
    "revocation_lifetime": ["a day", -1, True],
    "js_url": ["cdn", 7],
    "js_version": [6, ["6"]],
    "local": ["localhost", 3],
}  # fmt: skip


def test_the_table_of_bad_values_has_every_setting() -> None:
    assert set(BAD_VALUES) == {spec.name for spec in dataclasses.fields(ClerkConfig)}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param(name, value, id=f"{name}-{number}")
        for name, values in BAD_VALUES.items()
        for number, value in enumerate(values)
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence_that_names_the_setting(
    name: str, value: object
) -> None:
    sentence = refusal(**{name: value})
    assert f"CLERK_{name.upper()}" in sentence
    assert sentence.endswith(".")
    assert sentence.isprintable()
    assert len(sentence) < 200


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param({}, "No key is set", id="no-key"),
        pytest.param({"machine_secret_key": "ak_verysecret"}, "No key is set", id="machine-only"),
        pytest.param(
            {"publishable_key": "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k", "secret_key": SECRET},
            "two kinds", id="live-and-test",
        ),
        pytest.param(
            {"publishable_key": PUBLISHABLE, "secret_key": "sk_live_verysecret"},
            "two kinds", id="test-and-live",
        ),
        pytest.param({**KEYS, "is_satellite": True}, "CLERK_DOMAIN", id="satellite-of-nowhere"),
        pytest.param(
            {**KEYS, "is_satellite": True, "domain": "a.com"},
            "CLERK_SIGN_IN_URL", id="satellite-without-primary",
        ),
        pytest.param(
            {**KEYS, "is_satellite": True, "domain": "a.com", "sign_in_url": "/sign-in"},
            "CLERK_SIGN_IN_URL", id="satellite-with-relative-primary",
        ),
    ],
)  # fmt: skip
def test_a_contradiction_is_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as refused:
        ClerkConfig.load(arguments, {}, {})
    assert "verysecret" not in repr(refused.value)


def test_one_key_of_any_kind_is_enough(public_pem: str) -> None:
    assert ClerkConfig.load({"jwt_key": public_pem}, {}, {}).publishable_key is None
    assert ClerkConfig.load({"secret_key": SECRET}, {}, {}).is_development
    assert ClerkConfig.load({"publishable_key": PUBLISHABLE}, {}, {}).is_development
    assert not ClerkConfig.load({"jwt_key": public_pem}, {}, {}).is_development
    assert not ClerkConfig.load({"secret_key": "sk_live_x"}, {}, {}).is_development


def test_the_frontend_api_follows_from_settings_key_or_satellite_domain() -> None:
    live = {"publishable_key": "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k", "secret_key": "sk_live_x"}
    satellite = {"is_satellite": True, "domain": "satellite.example"}
    primary = {"sign_in_url": "https://primary.example/sign-in"}
    assert load().instance_frontend_api == "https://clerk.example.com"
    assert load(frontend_api="f.com").instance_frontend_api == "https://f.com"
    assert load(**live, **satellite).instance_frontend_api == "https://clerk.satellite.example"
    assert load(**satellite, **primary).instance_frontend_api == "https://clerk.example.com"
    assert ClerkConfig.load({"secret_key": SECRET}, {}, {}).instance_frontend_api is None


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("CLERK_PUBLISHBLE_KEY", "CLERK_PUBLISHABLE_KEY"),
        ("CLERK_SECRETKEY", "CLERK_SECRET_KEY"),
        ("CLERK_AUTHORISED_PARTIES", "CLERK_AUTHORIZED_PARTIES"),
        ("CLERK_JWTKEY", "CLERK_JWT_KEY"),
    ],
)
def test_a_misspelt_name_warns_with_the_nearest_and_without_its_value(
    name: str, nearest: str
) -> None:
    here: dict[str, str] = {name: "verysecret"}
    for app, environ in ((here, {}), ({}, here)):
        with pytest.warns(UserWarning, match="Unknown setting") as warned:
            ClerkConfig.load(KEYS, app, environ)
        expected = f"Unknown setting {name}; did you mean {nearest}."
        assert [str(one.message) for one in warned] == [expected]


def test_a_name_like_no_other_warns_in_the_app_and_not_in_the_environment() -> None:
    with pytest.warns(UserWarning, match=r"^Unknown setting CLERK_TELEPATHY\.$"):
        ClerkConfig.load(KEYS, {"CLERK_TELEPATHY": "1"}, {})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ClerkConfig.load(KEYS, {}, {"CLERK_TELEPATHY": "1", "CLERKS": "2", "PATH": "/bin"})
        ClerkConfig.load(KEYS, {"SECRET_KEY": "x", "CLERKS": 1, "DEBUG": True}, {})


def test_every_known_name_is_silent() -> None:
    names = [f"CLERK_{name.upper()}" for name in (*PLACES, "jwt_key", "fapi")]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ClerkConfig.load(KEYS, dict.fromkeys(names), dict.fromkeys(names, ""))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("secretkey", "Unknown setting secretkey; did you mean secret_key."),
        ("authorised_parties", "Unknown setting authorised_parties; did you mean"),
        ("CLERK_SECRET_KEY", "Unknown setting CLERK_SECRET_KEY; did you mean"),
        ("telepathy", "Unknown setting telepathy."),
    ],
)
def test_a_misspelt_keyword_argument_is_refused_with_the_nearest(name: str, sentence: str) -> None:
    assert refusal(**{name: "verysecret"}).startswith(sentence)


def test_the_first_place_that_has_it_says_whether_the_local_clerk_is_wanted() -> None:
    assert not wants_local({}, {}, {})
    assert not wants_local({"local": None}, {"CLERK_LOCAL": ""}, {})
    assert wants_local({}, {}, {"CLERK_LOCAL": "1"})
    assert not wants_local({"local": False}, {"CLERK_LOCAL": "1"}, {})
    assert wants_local({"local": object()}, {}, {})
    with pytest.raises(ConfigurationError, match=r"^CLERK_LOCAL must be true or false\.$"):
        wants_local({}, {"CLERK_LOCAL": "verysecret"}, {})


def test_a_repr_shows_no_secret(public_pem: str) -> None:
    config = load(
        machine_secret_key="ak_verysecret",
        jwt_key=public_pem,
        webhook_signing_secret="whsec_verysecrets",
        revocation_url="redis://user:verysecret@localhost",
    )
    shown = repr(config) + str(config)
    assert "verysecret" not in shown
    assert public_pem.splitlines()[1] not in shown
    assert "clerk.example.com" in shown


def test_a_configuration_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        load().clock_skew = 9  # type: ignore[misc]


def test_redirects_to_sign_in_need_a_page_to_lead_to(public_pem: str) -> None:
    with pytest.raises(ConfigurationError, match="CLERK_SIGN_IN_URL"):
        ClerkConfig.load({"jwt_key": public_pem, "redirect_to_sign_in": True}, {}, {})


@pytest.mark.parametrize("nothing", [" ", ",", [""], [], {}], ids=repr)
@pytest.mark.parametrize("name", ["authorized_parties", "issuers", "audience"])
def test_a_list_that_names_nothing_does_not_switch_a_check_off(name: str, nothing: Any) -> None:
    assert "at least one" in refusal(**{name: nothing})


def test_a_clock_skew_in_milliseconds_is_noticed() -> None:
    assert "not milliseconds" in refusal(clock_skew=5000)
