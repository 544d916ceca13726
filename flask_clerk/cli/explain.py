"""``flask clerk explain``: what a token is, what is checked of it, what the app would answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any
from typing import Final

import click
from flask import current_app

from ..bound import AppClerk
from .answers import answers_of
from .answers import bystander
from .answers import judged
from .app import with_clerk
from .asked import Asked
from .asked import from_curl
from .asked import with_cookies
from .asked import with_token
from .findings import Json
from .findings import cookie_findings
from .findings import token_findings
from .output import echo_json
from .output import echo_table
from .output import json_option
from .output import plain
from .wording import how_long

_ATTRIBUTES: Final = (
    "is_authenticated", "is_signed_in", "token_type", "user_id", "session_id", "session_status",
    "org_id", "org_slug", "org_role", "org_permissions", "features", "plans",
    "factor_verification_age", "actor", "subject", "scopes", "reason", "message",
)  # fmt: skip
_VERDICTS: Final = {True: ("ok", "green"), False: ("wrong", "red"), None: ("unknown", "yellow")}
_COLOURS: Final = {2: "green", 3: "yellow"}


@click.command()
@click.argument("token", required=False)
@click.option("--cookie", help="Instead: the Cookie header of a browser that goes to --url.")
@click.option("--curl", help="Instead: a curl command, as browsers copy it.")
@click.option("--url", default="http://localhost/", show_default=True, help="What is asked for.")
@click.option("--offline", is_flag=True, help="Ask Clerk nothing, not even for signing keys.")
@json_option
@with_clerk
def explain(
    clerk: AppClerk,
    token: str | None,
    cookie: str | None,
    curl: str | None,
    url: str,
    offline: bool,
    as_json: bool,
) -> None:
    """Explain a token, or a request, and what the app would answer.

    "-" in place of TOKEN, the cookies or the curl command reads them from stdin, which keeps them
    out of the shell's history. Nothing is redeemed, renewed or changed, and no token or signature
    is printed. The claims of a token are its holder's word until its signature is verified.
    """
    if sum(given is not None for given in (token, cookie, curl)) != 1:
        raise click.UsageError("Give one of TOKEN, --cookie and --curl.")
    judge = bystander(clerk, is_offline=offline)
    if token is not None:
        asked = with_token(_given(token), url)
        found = {**_findings(judge, asked), "routes": _routes(judge, asked)}
        del found["answer"]
    else:
        asked = from_curl(_given(curl)) if curl is not None else with_cookies(_given(cookie), url)
        found = _findings(judge, asked)
    if as_json:
        echo_json(found)
    else:
        _print(found)


def _given(value: str | None) -> str:
    return sys.stdin.read() if value == "-" else value or ""


def _findings(judge: AppClerk, asked: Asked) -> Json:
    context, auth, answer = judged(current_app, judge, asked)
    text = context.token_in_header or context.session_token_in_cookie
    cookies = None if context.token_in_header else cookie_findings(context)
    return {
        "token": None if text is None else token_findings(text, judge.instance),
        "cookies": cookies,
        "auth": {name: getattr(auth, name) for name in _ATTRIBUTES},
        "answer": {
            "request": f"{asked.method} {context.origin}{context.path}",
            "status": answer.status,
            "why": answer.why,
            "note": answer.note,
        },
    }


def _routes(judge: AppClerk, asked: Asked) -> list[Json]:
    return [
        {"method": method, "rule": rule.rule, "status": told.status, "why": told.why}
        for rule, method, told in answers_of(current_app, judge, asked)
    ]


def _print(found: Mapping[str, Any]) -> None:
    if found["cookies"] is not None:
        _print_cookies(found["cookies"])
    if found["token"] is None:
        click.echo("There is no session token.")
    else:
        _print_token(found["token"])
    click.echo(f"\n{click.style('g.auth', bold=True)}")
    for name, value in found["auth"].items():
        if value is not None:
            click.echo(plain(f"  {name:24}{json.dumps(value, ensure_ascii=False)}"))
    click.echo()
    if "answer" in found:
        answer = found["answer"]
        request = plain(answer["request"])
        click.echo(f"{request}: {_status(answer['status'])} {answer['why']}".rstrip())
        if answer["note"]:
            click.echo(f"  {answer['note']}")
    else:
        rows = [
            (_status(route["status"]), route["method"], route["rule"], route["why"])
            for route in found["routes"]
        ]
        echo_table(("ANSWER", "METHOD", "RULE", "WHY"), rows)


def _print_cookies(cookies: Mapping[str, Any]) -> None:
    rows = [
        (cookie["name"], "counts" if cookie["counts"] else "ignored", cookie["says"])
        for cookie in cookies["found"]
    ]
    echo_table(("COOKIE", "", "SAYS"), rows)
    click.echo(f"{cookies['why']}\n")


def _print_token(token: Mapping[str, Any]) -> None:
    if "checks" not in token:
        click.echo(f"An {token['kind']}: only Clerk can tell what it stands for.")
        return
    click.echo(click.style(f"A {token['kind']}" if "claims" in token else "No JWT", bold=True))
    if "claims" in token:
        signer = token["signed_by"]
        is_own = signer["issuer"] is not None and signer["issuer"] == signer["app_issuer"]
        own = " (this app's instance)" if is_own else ""
        click.echo(plain(f"  signed by  {signer['kid']} of {signer['issuer']}{own}"))
        click.echo(f"  lifetime   {_lifetime(token['lifetime'])}")
    click.echo()
    rows = [(check["check"], *_verdict(check)) for check in token["checks"]]
    echo_table(("CHECK", "VERDICT", ""), rows)
    if "claims" in token:
        is_verified = token["is_verified"]
        what = "Claims" if is_verified else "Claims, UNVERIFIED: anybody may have written them"
        click.echo(f"\n{click.style(what, bold=True, fg=None if is_verified else 'red')}")
        for name, value in token["claims"].items():
            click.echo(plain(f"  {name:24}{json.dumps(value, ensure_ascii=False)}"))


def _verdict(check: Mapping[str, Any]) -> tuple[str, str]:
    word, colour = _VERDICTS[check["is_right"]]
    reason = f" [{check['reason']}]" if check["reason"] else ""
    return click.style(word, fg=colour), f"{check['sentence']}{reason}"


def _lifetime(times: Mapping[str, float | None]) -> str:
    age, left, whole = times["age"], times["left"], times["whole"]
    parts = [
        None if whole is None else how_long(whole),
        None if age is None else _since(age, "issued", "to be issued"),
        None if left is None else _since(-left, "expired", "expires"),
    ]
    return ", ".join(part for part in parts if part) or "without times"


def _since(seconds: float, past: str, future: str) -> str:
    return (
        f"{past} {how_long(seconds)} ago" if seconds >= 0 else f"{future} in {how_long(-seconds)}"
    )


def _status(status: int) -> str:
    return click.style(str(status), fg=_COLOURS.get(status // 100, "red"))
