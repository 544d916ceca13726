"""A browser without JavaScript around the test client: it fills in forms and sends them."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from flask import Flask
from werkzeug.test import TestResponse

from flask_clerk.local import LocalClerk
from flask_clerk.local.web.app import create_app
from flask_clerk.local.web.app import serve_in_front_of

ORIGIN = "http://localhost"


@dataclass
class HtmlForm:
    """A form as it stands on a page."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)


class FormBrowser:
    """Visits the pages of an app that does nothing but serve a local Clerk."""

    def __init__(self, clerk: LocalClerk, prefix: str = "/__clerk") -> None:
        app = Flask("pages", static_folder=None)
        app.testing = True
        if prefix:
            serve_in_front_of(app, clerk)
        else:
            app = create_app(clerk)
        self.app, self.clerk, self.prefix = app, clerk, prefix
        self.restart()

    def restart(self) -> None:
        """Become another browser, without cookies."""
        self.http = self.app.test_client()
        self.url = ORIGIN
        self.text = ""
        self.forms: list[HtmlForm] = []

    def visit(self, path: str, **headers: str) -> TestResponse:
        """Open a page of the local Clerk, and follow redirects among its pages."""
        url = urljoin(self.url, path if path.startswith("http") else self.prefix + path)
        return self._follow(self._open("GET", url, headers=headers))

    def send(self, button: str, headers: Any = None, **values: Any) -> Any:
        """Press the first button with this text, with these values in its form's fields."""
        form, (_, name, value) = next(
            (form, found) for form in self.forms for found in form.buttons if button in found[0]
        )
        unknown = values.keys() - form.fields.keys()
        assert not unknown, f"{form} has no {unknown}"
        fields = form.fields | values | ({name: value} if name else {})
        # An unchecked box is not sent.
        data = {name: value for name, value in fields.items() if value is not None}
        assert form.method == "post"
        sent = {"Sec-Fetch-Site": "same-origin"} if headers is None else headers
        return self._follow(self._open("POST", form.action, data=data, headers=sent))

    @property
    def path(self) -> str:
        """The path of the page below the prefix, with its query."""
        return self.url.removeprefix(ORIGIN).removeprefix(self.prefix)

    def _open(self, method: str, url: str, **options: Any) -> TestResponse:
        self.url = url
        return self.http.open(url.removeprefix(ORIGIN), base_url=ORIGIN, method=method, **options)

    def _follow(self, answer: TestResponse) -> TestResponse:
        for _ in range(5):
            if answer.status_code != 303:
                break
            self.url = urljoin(self.url, answer.location)
            if not self.url.startswith(f"{ORIGIN}{self.prefix}/"):
                return answer
            answer = self._open("GET", self.url)
        self.text = answer.text
        reader = _Forms(self.url)
        reader.feed(self.text)
        self.forms = reader.forms
        return answer


class _Forms(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.forms: list[HtmlForm] = []
        self._area: str | None = None
        self._select: str | None = None
        self._button: tuple[str, str] | None = None
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urljoin(self.url, values.get("action", self.url))
            self.forms.append(HtmlForm(action, values.get("method", "get")))
        elif tag == "input" and self.forms:
            is_off = values.get("type") == "checkbox" and "checked" not in values
            text = None if is_off else values.get("value", "")
            self.forms[-1].fields[values["name"]] = text  # type: ignore[assignment]
        elif tag == "textarea":
            self._area, self._words = values["name"], []
        elif tag == "select":
            self._select = values["name"]
            self.forms[-1].fields[self._select] = ""
        elif tag == "option" and self._select is not None:
            form, value = self.forms[-1], values.get("value", "")
            if "selected" in values or not form.fields[self._select]:
                form.fields[self._select] = value
        elif tag == "button":
            self._button, self._words = (values.get("name", ""), values.get("value", "")), []

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            self.forms[-1].fields[self._area] = "".join(self._words).removeprefix("\n")
            self._area = None
        elif tag == "select":
            self._select = None
        elif tag == "button" and self._button is not None:
            text = " ".join("".join(self._words).split())
            self.forms[-1].buttons.append((text, *self._button))
            self._button = None
