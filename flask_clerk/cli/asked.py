"""The request that somebody asks about: from a token, a ``Cookie`` header or a curl command."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Final
from typing import NoReturn

import click
from werkzeug.datastructures import Headers

#: What a browser sends along when somebody follows a link.
_NAVIGATION: Final = {"Accept": "text/html", "Sec-Fetch-Dest": "document"}
_DATA: Final = ("-d", "--data", "--data-raw", "--data-binary", "--data-urlencode", "--json")
#: Options of curl's whose value is no URL.
_PASSED_OVER: Final = (
    "-o", "--output", "-m", "--max-time", "--connect-timeout", "-x", "--proxy", "-w",
    "--write-out", "--resolve", "--cacert", "--cert", "-E", "--key", "-c", "--cookie-jar",
    "--retry", "-u", "--user", "--max-redirs", "--limit-rate", "-A", "--user-agent",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that nobody has sent, or not here."""

    method: str
    url: str
    headers: Headers = field(repr=False)


def with_token(token: str, url: str) -> Asked:
    """Return a request that carries a token in its ``Authorization`` header."""
    bare = re.sub(r"\A(?:Authorization:\s*)?(?:Bearer\s+)?", "", token.strip(), flags=re.I)
    if not bare or not bare.isascii() or not bare.isprintable() or " " in bare:
        raise click.UsageError("A token is one word of letters, digits, dots, - and _.")
    return Asked("GET", url, Headers({"Authorization": f"Bearer {bare}"}))


def with_cookies(header: str, url: str) -> Asked:
    """Return the request of a browser that goes to a URL with these cookies."""
    cookies = re.sub(r"\ACookie:\s*", "", header.strip(), flags=re.I)
    return Asked("GET", url, _headers({**_NAVIGATION, "Cookie": cookies}))


def from_curl(line: str) -> Asked:
    """Return the request of a curl command, as browsers copy it.

    :raises click.UsageError: If it is none that can be read.
    """
    try:
        # Shells drop an escaped line break, and read $'…' like '…' where nothing is escaped.
        words = shlex.split(re.sub(r"\\\r?\n", " ", line).replace(" $'", " '"))
    except ValueError as error:
        raise click.UsageError(f"The curl command cannot be read: {error}.") from error
    if words[:1] == ["curl"]:
        words = words[1:]
    found, rest = _curl().parse_known_args(words)
    urls = [*([found.url] if found.url else []), *(word for word in rest if "://" in word)]
    if not urls:
        raise click.UsageError(
            "The curl command names no URL that begins with https:// or http://."
        )
    headers = dict(header.partition(":")[::2] for header in found.header)
    if found.cookie:
        headers["Cookie"] = found.cookie
    if found.referer:
        headers["Referer"] = found.referer
    if found.oauth2_bearer:
        headers["Authorization"] = f"Bearer {found.oauth2_bearer}"
    return Asked(_method(found), urls[0], _headers(headers))


def _method(found: argparse.Namespace) -> str:
    if found.request:
        return str(found.request).upper()
    if found.head:
        return "HEAD"
    return "POST" if found.body and not found.get else "GET"


def _headers(found: Mapping[str, str]) -> Headers:
    try:
        headers = Headers()
        for name, value in found.items():
            value.encode("latin-1")
            if not name.strip().isprintable():
                raise ValueError("a name of several lines")
            headers.add(name.strip(), value.strip())
    except ValueError as error:
        raise click.UsageError(f"A header cannot be read: {type(error).__name__}.") from error
    return headers


def _curl() -> argparse.ArgumentParser:
    parser = _Parser(add_help=False, allow_abbrev=False, prog="curl")
    parser.add_argument("-X", "--request")
    parser.add_argument("-H", "--header", action="append", default=[])
    parser.add_argument("-b", "--cookie")
    parser.add_argument("-e", "--referer")
    parser.add_argument("-I", "--head", action="store_true")
    parser.add_argument("-G", "--get", action="store_true")
    parser.add_argument("--oauth2-bearer")
    parser.add_argument("--url")
    parser.add_argument(*_DATA, "-F", "--form", dest="body", action="append")
    parser.add_argument(*_PASSED_OVER, dest="passed_over", action="append")
    for flag in "sSLkvif":
        parser.add_argument(f"-{flag}", action="store_true", dest=f"flag_{flag}")
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise click.UsageError(  # without the message, which may quote a header
            "The curl command cannot be read: an option of it lacks its value."
        )
