"""Guards on views of every shape, on blueprints and on whole apps, and the ways around them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint
from flask import Flask
from flask import Response
from flask import g
from flask import request
from flask.views import MethodView
from flask.views import View

from flask_clerk import Clerk
from flask_clerk import Unauthenticated
from flask_clerk import public
from flask_clerk import require_auth
from flask_clerk import require_claim
from flask_clerk import require_role
from tests.signing import Signer
from tests.visitors import Token
from tests.visitors import bearer
from tests.visitors import make_app

require_admin = require_claim("role", "admin")


@pytest.fixture
def app(public_pem: str) -> Flask:
    return make_app(public_pem)


@pytest.fixture
def token(sign: Signer) -> Token:
    return Token(sign)


def status_of(
    app: Flask, path: str = "/page", token: str | None = None, method: str = "GET", **more: Any
) -> int:
    client = app.test_client(use_cookies=False)
    headers = bearer(token) if token else {}
    response = client.open(path, method=method, headers=headers, **more)
    if response.status_code in (401, 403):
        assert "secret" not in response.text
    response.close()
    return response.status_code


def assert_guarded(app: Flask, path: str, token: Token, method: str = "GET") -> None:
    assert status_of(app, path, method=method) == 401
    assert status_of(app, path, token.expired(), method) == 401
    assert status_of(app, path, token(), method) == 200


def assert_for_admins(app: Flask, path: str, token: Token, method: str = "GET") -> None:
    assert status_of(app, path, method=method) == 401
    assert status_of(app, path, token(), method) == 403
    assert status_of(app, path, token(role="admin"), method) == 200


def view() -> Callable[..., str]:
    """Return a new view: marks stay on what is decorated."""
    return lambda **arguments: "secret"


# Shapes of views


def add_bare(app: Flask) -> None:
    @app.get("/page")
    @require_auth
    def page() -> str:
        return "secret"


def add_called(app: Flask) -> None:
    @app.get("/page")
    @require_auth()
    def page() -> str:
        return "secret"


def add_async(app: Flask) -> None:
    @app.get("/page")
    @require_auth
    async def page() -> str:
        await asyncio.sleep(0)
        return f"secret of {g.auth.user_id}"


def add_above_the_route(app: Flask) -> None:
    @require_auth
    @app.get("/page")
    def page() -> str:
        return "secret"


def add_async_above_the_route(app: Flask) -> None:
    @require_auth
    @app.get("/page")
    async def page() -> str:
        return "secret"


def without_wraps(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: function(*args, **kwargs)


def add_under_a_decorator_without_wraps(app: Flask) -> None:
    app.add_url_rule("/page", "page", without_wraps(require_auth(view())))


def add_async_under_a_decorator_without_wraps(app: Flask) -> None:
    @require_auth
    async def page() -> str:
        return "secret"

    async def around() -> str:
        return await page()

    app.add_url_rule("/page", "page", around)


def add_above_a_decorator_without_wraps(app: Flask) -> None:
    app.add_url_rule("/page", "page", require_auth(without_wraps(view())))


def add_method_view_with_decorators(app: Flask) -> None:
    class Page(MethodView):
        decorators = [require_auth]

        def get(self) -> str:
            return "secret"

    app.add_url_rule("/page", view_func=Page.as_view("page"))


def add_method_of_a_method_view(app: Flask) -> None:
    class Page(MethodView):
        @require_auth
        def get(self) -> str:
            return "secret"

    app.add_url_rule("/page", view_func=Page.as_view("page"))


def add_async_method_of_a_method_view(app: Flask) -> None:
    class Page(MethodView):
        @require_auth
        async def get(self) -> str:
            return "secret"

    app.add_url_rule("/page", view_func=Page.as_view("page"))


def add_decorated_class(app: Flask) -> None:
    @require_auth
    class Page(MethodView):
        def get(self) -> str:
            return "secret"

    app.add_url_rule("/page", view_func=Page.as_view("page"))


def add_subclass_of_a_decorated_class(app: Flask) -> None:
    @require_auth
    class Base(MethodView):
        pass

    class Page(Base):
        def get(self) -> str:
            return "secret"

    app.add_url_rule("/page", view_func=Page.as_view("page"))


def add_guarded_subclass_of_a_public_class(app: Flask) -> None:
    @public
    class Base(MethodView):
        def get(self) -> str:
            return "secret"

    @require_auth
    class Page(Base):
        pass

    app.add_url_rule("/page", view_func=Page.as_view("page"))


def add_plain_view_class(app: Flask) -> None:
    class Page(View):
        @require_auth
        def dispatch_request(self) -> str:
            return "secret"

    app.add_url_rule("/page", view_func=Page.as_view("page"))


def add_class_after_as_view(app: Flask) -> None:
    class Page(MethodView):
        def get(self) -> str:
            return "secret"

    app.add_url_rule("/page", view_func=require_auth(Page.as_view("page")))


def add_bound_method(app: Flask) -> None:
    class Pages:
        def page(self) -> str:
            return "secret"

    app.add_url_rule("/page", view_func=require_auth(Pages().page))


def add_method_decorated_in_its_class(app: Flask) -> None:
    class Pages:
        @require_auth
        def page(self) -> str:
            return "secret"

    app.add_url_rule("/page", view_func=Pages().page)


def add_replaced_view_function(app: Flask) -> None:
    app.add_url_rule("/page", "page", view())
    app.view_functions["page"] = require_auth(app.view_functions["page"])


def add_stacked(app: Flask) -> None:
    app.add_url_rule("/page", "page", require_auth(require_auth()(require_auth(view()))))


def add_public_above(app: Flask) -> None:
    app.add_url_rule("/page", "page", public(require_auth(view())))


def add_public_below(app: Flask) -> None:
    app.add_url_rule("/page", "page", require_auth(public(view())))


@pytest.mark.parametrize("closed", [False, True], ids=["open-app", "closed-app"])
@pytest.mark.parametrize(
    "add",
    [
        add_bare,
        add_called,
        add_async,
        add_above_the_route,
        add_async_above_the_route,
        add_under_a_decorator_without_wraps,
        add_async_under_a_decorator_without_wraps,
        add_above_a_decorator_without_wraps,
        add_method_view_with_decorators,
        add_method_of_a_method_view,
        add_async_method_of_a_method_view,
        add_decorated_class,
        add_subclass_of_a_decorated_class,
        add_guarded_subclass_of_a_public_class,
        add_plain_view_class,
        add_class_after_as_view,
        add_bound_method,
        add_method_decorated_in_its_class,
        add_replaced_view_function,
        add_stacked,
        add_public_above,
        add_public_below,
    ],
    ids=lambda add: add.__name__,
)
def test_a_guarded_view_is_guarded(
    add: Callable[[Flask], None], closed: bool, public_pem: str, token: Token
) -> None:
    app = make_app(public_pem, require_auth=closed)
    add(app)
    assert_guarded(app, "/page", token)
    assert_guarded(app, "/page", token, "HEAD")
    assert status_of(app, method="OPTIONS") == 200


def test_a_decorated_view_keeps_its_name_and_its_words() -> None:
    def page() -> str:
        """Return a page."""
        return ""

    for decorate in (require_auth, require_auth(), require_admin, public):
        decorated = decorate(page)
        assert (decorated.__name__, decorated.__doc__) == ("page", "Return a page.")


def test_one_method_of_a_view_class_can_ask_for_more(app: Flask, token: Token) -> None:
    @require_auth
    class Invoices(MethodView):
        def get(self) -> str:
            return "secret"

        @require_admin
        def delete(self) -> str:
            return "secret"

    app.add_url_rule("/page", view_func=Invoices.as_view("invoices"))
    assert_guarded(app, "/page", token)
    assert_for_admins(app, "/page", token, "DELETE")


def test_one_method_of_a_view_class_leaves_the_others_open(app: Flask, token: Token) -> None:
    class Invoices(MethodView):
        def get(self) -> str:
            return "open"

        @require_auth
        def post(self) -> str:
            return "secret"

    app.add_url_rule("/page", view_func=Invoices.as_view("invoices"))
    assert status_of(app) == status_of(app, method="HEAD") == 200
    assert_guarded(app, "/page", token, "POST")


def test_a_head_of_its_own_is_guarded_on_its_own(app: Flask, token: Token) -> None:
    class Page(MethodView):
        @require_auth
        def get(self) -> str:
            return "secret"

        def head(self) -> str:
            return ""

    app.add_url_rule("/page", view_func=Page.as_view("page"))
    assert status_of(app, method="HEAD") == 200
    assert_guarded(app, "/page", token)


def test_a_subclass_may_ask_for_more_and_its_base_does_not_notice(app: Flask, token: Token) -> None:
    @require_auth
    class Base(MethodView):
        def get(self) -> str:
            return "secret"

    @require_admin
    class Admin(Base):
        pass

    app.add_url_rule("/base", view_func=Base.as_view("base"))
    app.add_url_rule("/admin", view_func=Admin.as_view("admin"))
    assert_guarded(app, "/base", token)
    assert_for_admins(app, "/admin", token)


def test_stacked_guards_must_all_hold(app: Flask, token: Token) -> None:
    asked: list[str] = []

    def note(name: str) -> Callable[[Any], bool]:
        def condition(claim: Any) -> bool:
            asked.append(name)
            return True

        return condition

    @app.get("/page")
    @require_auth
    @require_claim("role", note("role"))
    @require_claim("level", note("level"), 3)
    def page() -> str:
        return "secret"

    assert status_of(app, token=token(role="admin")) == 403
    asked.clear()
    assert status_of(app, token=token(role="admin", level=3)) == 200
    assert sorted(asked) == ["level", "role"]  # by the hook, and not again by the wrappers


# Around the guard


def cached(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the first answer for everybody, as Flask-Caching does without a key of its own."""
    from functools import wraps

    answers: dict[tuple[Any, ...], Any] = {}

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        key = tuple(kwargs.items())
        if key not in answers:
            answers[key] = function(*args, **kwargs)
        return answers[key]

    return wrapper


def add_cached_view(app: Flask) -> None:
    app.add_url_rule("/page", view_func=cached(require_admin(view())))


def add_cached_view_guarded_above_the_route(app: Flask) -> None:
    @require_admin
    @app.get("/page")
    @cached
    def page() -> str:
        return "secret"


def add_cached_method_view(app: Flask) -> None:
    class Page(MethodView):
        decorators = [cached]

        @require_admin
        def get(self) -> str:
            return "secret"

    app.add_url_rule("/page", view_func=Page.as_view("page"))


def add_cached_view_class(app: Flask) -> None:
    class Page(View):
        decorators = [cached]

        @require_admin
        def dispatch_request(self) -> str:
            return "secret"

    app.add_url_rule("/page", view_func=Page.as_view("page"))


def add_cached_method(app: Flask) -> None:
    class Page(MethodView):
        get = cached(require_admin(lambda self: "secret"))

    app.add_url_rule("/page", view_func=Page.as_view("page"))


def add_cached_blueprint_view(app: Flask) -> None:
    blueprint = Blueprint("admin", __name__)
    blueprint.add_url_rule("/page", view_func=cached(view()))
    app.extensions["test_clerk"].protect(blueprint, claim={"role": "admin"})
    app.register_blueprint(blueprint)


@pytest.mark.parametrize(
    "add",
    [
        add_cached_view,
        add_cached_view_guarded_above_the_route,
        add_cached_method_view,
        add_cached_view_class,
        add_cached_method,
        add_cached_blueprint_view,
    ],
    ids=lambda add: add.__name__,
)
def test_a_cache_outside_of_the_guard_leaks_no_page(
    add: Callable[[Flask], None], app: Flask, token: Token
) -> None:
    app.extensions["test_clerk"] = Clerk()
    add(app)
    assert status_of(app, token=token(role="admin")) == 200
    assert status_of(app) == 401
    assert status_of(app, token=token()) == 403
    assert status_of(app, token=token(role="admin")) == 200


def test_a_refusal_is_not_remembered_by_a_cache(app: Flask, token: Token) -> None:
    add_cached_view(app)
    assert status_of(app) == 401
    assert status_of(app, token=token(role="admin")) == 200


def test_guards_made_during_a_request_are_each_enforced(app: Flask, token: Token) -> None:
    """Guards were told apart by ``id()``, which a dead guard passes on to the next one."""

    @app.get("/page")
    def page() -> str:
        require_auth(view())()
        return str(require_claim("role", "admin")(view())())

    assert status_of(app, token=token()) == 403


def test_a_guard_made_inside_a_view_of_a_closed_app_is_enforced(
    public_pem: str, token: Token
) -> None:
    app = make_app(public_pem, require_auth=True)

    @app.get("/page")
    def page() -> str:
        return str(require_role("org:admin")(view())())

    for _ in range(20):
        assert status_of(app, token=token()) == 403


def test_a_guarded_helper_called_by_an_open_view_refuses(app: Flask, token: Token) -> None:
    helper = require_admin(view())

    @app.get("/page")
    def page() -> str:
        return helper()

    @app.get("/gentle")
    def gentle() -> str:
        try:
            return helper()
        except Unauthenticated:
            return "sign in first"

    assert_for_admins(app, "/page", token)
    assert status_of(app, "/gentle") == 200


def test_two_rules_of_one_endpoint_are_both_guarded(app: Flask, token: Token) -> None:
    @app.get("/page")
    @app.get("/page/<int:number>")
    @app.route("/any", methods=["GET", "POST", "PUT"])
    @require_admin
    def page(number: int = 0) -> str:
        return "secret"

    for path in ("/page", "/page/3", "/any"):
        assert_for_admins(app, path, token)
    assert_for_admins(app, "/any", token, "PUT")


@pytest.mark.parametrize(
    "path",
    [
        "/admin/page",
        "//admin/page",
        "/admin//page",
        "/admin/%70age",
        "/admin%2Fpage",
        "/admin/./page",
        "/open/../admin/page",
        "/open/..%2fadmin/page",
        "/ADMIN/page",
        "/admin/page/",
        "/admin/page;a=b",
        "/admin/page%00",
        "/admin/page?x=/static/",
        "/static/../admin/page",
        "/admin\\page",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "TRACE", "PROPFIND", "get", "OPTIONS"])
def test_no_spelling_of_the_path_goes_around_the_guard(
    method: str, path: str, app: Flask, token: Token
) -> None:
    @app.route("/admin/page", methods=["GET", "POST", "TRACE", "PROPFIND"])
    @require_admin
    def page() -> str:
        return "secret"

    @app.get("/open/<path:rest>")
    def other(rest: str) -> str:
        return "open"

    client = app.test_client(use_cookies=False)
    for headers in ({}, bearer(token())):
        response = client.open(path, method=method, headers=headers, follow_redirects=True)
        assert "secret" not in response.text
        assert response.status_code in {200, 401, 403, 404, 405}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "X-Y"])
def test_every_method_but_options_is_guarded(method: str, app: Flask, token: Token) -> None:
    app.add_url_rule("/page", view_func=require_auth(view()), methods=[method])
    assert_guarded(app, "/page", token, method)
    assert status_of(app, method="OPTIONS") == 200
    assert status_of(app) == 405


def test_a_pretended_method_passes_no_guard(app: Flask) -> None:
    app.add_url_rule("/page", view_func=require_auth(view()), methods=["GET", "POST"])
    client = app.test_client(use_cookies=False)
    pretended = {"X-HTTP-Method-Override": "OPTIONS", "X-Method-Override": "OPTIONS"}
    response = client.post("/page?_method=OPTIONS", headers=pretended, data={"_method": "OPTIONS"})
    assert response.status_code == 401


def test_a_preflight_passes_and_calls_no_view(app: Flask) -> None:
    called: list[int] = []

    @app.post("/page")
    @require_admin
    def page() -> str:
        called.append(1)
        return "secret"

    headers = {"Origin": "https://spa.example", "Access-Control-Request-Method": "POST"}
    response = app.test_client(use_cookies=False).options("/page", headers=headers)
    assert (response.status_code, response.text) == (200, "")
    assert set(response.allow) == {"OPTIONS", "POST"}
    assert not called


def test_a_view_that_takes_options_itself_is_not_called_for_strangers(
    app: Flask, token: Token
) -> None:
    app.add_url_rule("/page", view_func=require_auth(lambda: "secret"), methods=["OPTIONS", "GET"])
    client = app.test_client(use_cookies=False)

    stranger = client.options("/page")
    assert (stranger.status_code, stranger.text) == (200, "")
    assert set(stranger.allow) == {"GET", "HEAD", "OPTIONS"}
    assert client.options("/page", headers=bearer(token())).text == "secret"


@pytest.mark.parametrize("order", ["guard outside", "guard inside"])
def test_a_decorator_that_answers_options_is_let_answer(order: str, app: Flask) -> None:
    """Flask-CORS's ``cross_origin`` says so by ``provide_automatic_options``."""

    def cors(view: Any) -> Any:
        @wraps(view)
        def wrapper() -> Any:
            return "preflight" if request.method == "OPTIONS" else view()

        wrapper.provide_automatic_options = False  # type: ignore[attr-defined]
        return wrapper

    page = lambda: "secret"  # noqa: E731
    decorated = require_auth(cors(page)) if order == "guard outside" else cors(require_auth(page))
    app.add_url_rule("/page", view_func=decorated, methods=["OPTIONS", "GET"])

    assert app.test_client().options("/page").text == "preflight"
    assert app.test_client().get("/page").status_code == 401


@pytest.mark.parametrize("closed_by", ["class", "blueprint", "app"])
def test_options_of_a_view_class_is_not_called_for_strangers(
    closed_by: str, public_pem: str
) -> None:
    class Page(MethodView):
        def get(self) -> str:
            return "secret"

        def options(self) -> str:
            return self.get()

    app = make_app(public_pem, require_auth=closed_by == "app")
    blueprint = Blueprint("b", __name__)
    view_class = require_auth(Page) if closed_by == "class" else Page
    blueprint.add_url_rule("/page", view_func=view_class.as_view("page"))
    if closed_by == "blueprint":
        Clerk().protect(blueprint)
    app.register_blueprint(blueprint)

    assert app.test_client().options("/page").text == ""


def test_a_guarded_class_checks_for_itself_where_its_mark_is_hidden(app: Flask) -> None:
    @require_auth
    class Page(MethodView):
        def get(self) -> str:
            return "secret"

    view: Callable[[], Any] = Page.as_view("page")
    app.add_url_rule("/hidden", endpoint="hidden", view_func=lambda: view())
    app.add_url_rule("/partial", endpoint="partial", view_func=partial(view))

    assert app.test_client().get("/hidden").status_code == 401
    assert app.test_client().get("/partial").status_code == 401


def test_a_guarded_class_leaves_its_bases_alone() -> None:
    before = MethodView.dispatch_request
    require_auth(type("Page", (MethodView,), {}))

    assert MethodView.dispatch_request is before
    assert not hasattr(before, "__clerk_guards__")


def test_a_class_that_is_no_view_is_refused() -> None:
    with pytest.raises(TypeError, match="Controller is no view class"):
        require_auth(type("Controller", (), {}))


def test_being_public_is_not_inherited(public_pem: str) -> None:
    @public
    class Landing(MethodView):
        def get(self) -> str:
            return "secret"

    class Admin(Landing):
        pass

    app = make_app(public_pem, require_auth=True)
    app.add_url_rule("/landing", view_func=Landing.as_view("landing"))
    app.add_url_rule("/admin", view_func=Admin.as_view("admin"))

    assert app.test_client().get("/landing").status_code == 200
    assert app.test_client().get("/admin").status_code == 401


def test_a_public_method_of_one_object_opens_no_other(public_pem: str) -> None:
    class Pages:
        def show(self) -> str:
            return "secret"

    app = make_app(public_pem, require_auth=True)
    app.add_url_rule("/open", endpoint="open", view_func=public(Pages().show))
    app.add_url_rule("/closed", endpoint="closed", view_func=Pages().show)

    assert app.test_client().get("/open").status_code == 200
    assert app.test_client().get("/closed").status_code == 401


def test_a_guard_for_1_is_no_guard_for_true(app: Flask, token: Token) -> None:
    view = require_claim("level", 1)(require_claim("level", True)(lambda: "secret"))
    app.add_url_rule("/page", view_func=view)

    assert app.test_client().get("/page", headers=bearer(token(level=1))).status_code == 403


def test_a_reverification_cannot_be_emptied_later(app: Flask, token: Token) -> None:
    asked = {"level": "first_factor", "after_minutes": 10}
    view = require_auth(reverification=asked)(lambda: "secret")
    app.add_url_rule("/page", view_func=view)
    asked.clear()

    stale = bearer(token(fva=[60, -1]))
    assert app.test_client().get("/page", headers=stale).status_code == 403


# Blueprints and whole apps


def admin_blueprint(name: str = "admin", **options: Any) -> Blueprint:
    blueprint = Blueprint(name, __name__, **options)
    blueprint.add_url_rule("/page", "page", view(), methods=["GET", "POST"])
    blueprint.add_url_rule("/open", "open", public(view()))
    blueprint.add_url_rule("/both", "both", public(require_admin(view())))
    return blueprint


@pytest.fixture
def clerk() -> Clerk:
    return Clerk()


@pytest.mark.parametrize("registered", ["before", "after"])
def test_a_protected_blueprint_is_guarded_but_for_its_public_views(
    registered: str, app: Flask, clerk: Clerk, token: Token
) -> None:
    blueprint = admin_blueprint(url_prefix="/admin")
    if registered == "before":
        app.register_blueprint(blueprint)
    assert clerk.protect(blueprint) is blueprint
    if registered == "after":
        app.register_blueprint(blueprint)
    app.add_url_rule("/page", view_func=view())

    assert_guarded(app, "/admin/page", token)
    assert_guarded(app, "/admin/page", token, "POST")
    assert status_of(app, "/admin/open") == 200
    assert_for_admins(app, "/admin/both", token)
    assert status_of(app, "/page") == 200
    assert status_of(app, "/admin/missing") == 404
    assert status_of(app, "/admin/page", method="DELETE") == 405
    assert status_of(app, "/admin/page", method="OPTIONS") == 200


def test_a_protected_blueprint_takes_conditions(app: Flask, clerk: Clerk, token: Token) -> None:
    app.register_blueprint(clerk.protect(admin_blueprint(), claim={"role": "admin"}))
    assert_for_admins(app, "/page", token)


def test_a_protected_blueprint_refuses_wrong_conditions(clerk: Clerk) -> None:
    with pytest.raises(ValueError, match="reverification"):
        clerk.protect(admin_blueprint(), reverification="never")
    with pytest.raises(TypeError, match="no condition rle"):
        clerk.protect(admin_blueprint(), rle="org:admin")


def test_a_blueprint_registered_under_two_names_is_guarded_under_both(
    app: Flask, clerk: Clerk, token: Token
) -> None:
    blueprint = clerk.protect(admin_blueprint())
    app.register_blueprint(blueprint, url_prefix="/one")
    app.register_blueprint(blueprint, url_prefix="/two", name="again")
    assert_guarded(app, "/one/page", token)
    assert_guarded(app, "/two/page", token)


def test_a_nested_blueprint_is_held_to_all_of_its_parents(
    app: Flask, clerk: Clerk, token: Token
) -> None:
    parent = clerk.protect(Blueprint("parent", __name__, url_prefix="/parent"))
    middle = Blueprint("middle", __name__, url_prefix="/middle")
    child = clerk.protect(admin_blueprint(url_prefix="/child"), claim={"role": "admin"})
    middle.register_blueprint(child)
    middle.add_url_rule("/page", "page", view())
    parent.register_blueprint(middle)
    app.register_blueprint(parent)

    assert_guarded(app, "/parent/middle/page", token)
    assert_for_admins(app, "/parent/middle/child/page", token)
    assert status_of(app, "/parent/middle/child/open") == 200


def test_a_public_blueprint_does_not_open_a_protected_parent(
    app: Flask, clerk: Clerk, token: Token
) -> None:
    parent = clerk.protect(Blueprint("parent", __name__))
    child = admin_blueprint()
    public(child)  # type: ignore[type-var]
    parent.register_blueprint(child)
    app.register_blueprint(parent)
    assert_guarded(app, "/page", token)


def test_protecting_twice_asks_for_both(app: Flask, clerk: Clerk, token: Token) -> None:
    blueprint = clerk.protect(clerk.protect(admin_blueprint()), claim={"role": "admin"})
    app.register_blueprint(blueprint)
    assert_for_admins(app, "/page", token)


@pytest.fixture
def closed_app(public_pem: str, tmp_path: Path) -> Flask:
    for folder in ("app", "admin"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "style.css").write_text("body {}")
    app = Flask("closed", static_folder=tmp_path / "app", static_url_path="/static")
    app.testing = True
    app.config["CLERK_REQUIRE_AUTH"] = True
    clerk = Clerk(app, jwt_key=public_pem)
    app.extensions["test_clerk"] = clerk
    app.add_url_rule("/page", "page", view(), methods=["GET", "POST"])
    app.add_url_rule("/strict/", "strict", view())
    app.add_url_rule("/open", "open", public(view()))
    app.register_blueprint(
        admin_blueprint(
            url_prefix="/admin", static_folder=tmp_path / "admin", static_url_path="/static"
        )
    )
    return app


def test_a_closed_app_is_guarded_but_for_what_is_public(closed_app: Flask, token: Token) -> None:
    assert_guarded(closed_app, "/page", token)
    assert_guarded(closed_app, "/page", token, "POST")
    assert_guarded(closed_app, "/admin/page", token)
    assert_for_admins(closed_app, "/admin/both", token)
    for path in ("/open", "/admin/open", "/static/style.css", "/admin/static/style.css"):
        assert status_of(closed_app, path) == 200
    assert status_of(closed_app, "/missing") == 404
    assert status_of(closed_app, "/static/missing.css") == 404
    assert status_of(closed_app, "/page", method="DELETE") == 405
    assert status_of(closed_app, "/strict") == 308
    assert status_of(closed_app, "/page", method="OPTIONS") == 200


def test_a_public_method_and_a_public_blueprint_are_open_in_a_closed_app(
    closed_app: Flask, token: Token
) -> None:
    class Page(MethodView):
        @public
        def get(self) -> str:
            return "open"

        def post(self) -> str:
            return "secret"

    blueprint = admin_blueprint("docs", url_prefix="/docs")
    public(blueprint)  # type: ignore[type-var]
    closed_app.register_blueprint(blueprint)
    closed_app.add_url_rule("/methods", view_func=Page.as_view("methods"))

    assert status_of(closed_app, "/methods") == status_of(closed_app, "/methods", method="HEAD")
    assert status_of(closed_app, "/methods") == 200
    assert_guarded(closed_app, "/methods", token, "POST")
    assert status_of(closed_app, "/docs/page") == 200
    assert_for_admins(closed_app, "/docs/both", token)


def test_static_files_of_a_protected_blueprint_are_guarded(
    public_pem: str, clerk: Clerk, token: Token, tmp_path: Path
) -> None:
    (tmp_path / "plan.pdf").write_text("secret")
    app = make_app(public_pem)
    blueprint = admin_blueprint(
        url_prefix="/admin", static_folder=tmp_path, static_url_path="/static"
    )
    app.register_blueprint(clerk.protect(blueprint))
    assert_guarded(app, "/admin/static/plan.pdf", token)


@pytest.mark.parametrize("place", ["app", "blueprint"])
def test_a_view_that_is_called_static_is_no_static_file(
    place: str, public_pem: str, token: Token
) -> None:
    """Whatever was named ``static`` stood open in a closed app."""
    app = make_app(public_pem, require_auth=True)
    if place == "app":
        app.add_url_rule("/reports", "static", view())
    else:
        blueprint = Blueprint("reports", __name__)
        blueprint.add_url_rule("/reports", "static", view())
        app.register_blueprint(blueprint)
    assert_guarded(app, "/reports", token)


def test_public_and_guarded_functions_stay_what_they_are_elsewhere(
    app: Flask, token: Token
) -> None:
    """A view registered bare and guarded is guarded under both rules: marks stay on the view."""
    function = view()
    app.add_url_rule("/bare", "bare", function)
    app.add_url_rule("/page", "page", require_auth(function))
    assert_guarded(app, "/bare", token)
    assert_guarded(app, "/page", token)


def test_a_guarded_view_answers_what_it_answers(app: Flask, token: Token) -> None:
    @app.get("/page/<name>")
    @require_auth
    def page(name: str) -> Response:
        return Response(f"hello {name}", 201, {"X-Own": "yes"})

    client = app.test_client(use_cookies=False)
    response = client.get("/page/ada", headers=bearer(token()))
    assert (response.status_code, response.text) == (201, "hello ada")
    assert response.headers["X-Own"] == "yes"


def test_a_protected_blueprint_of_an_app_without_clerk_is_not_served(clerk: Clerk) -> None:
    app = Flask("forgetful")
    app.register_blueprint(clerk.protect(admin_blueprint()))

    assert app.test_client().get("/page").status_code == 500


def test_a_factory_may_protect_the_same_blueprint_again(
    clerk: Clerk, public_pem: str, token: Token
) -> None:
    blueprint = admin_blueprint()
    for _ in range(2):
        app = make_app(public_pem)
        app.register_blueprint(clerk.protect(blueprint))
        assert_guarded(app, "/page", token)
    assert len(vars(blueprint)["__clerk_guards__"]) == 1


def test_a_redirect_that_leads_nowhere_is_a_401(public_pem: str) -> None:
    app = make_app(public_pem)
    app.add_url_rule("/page", view_func=require_auth(redirect=True)(lambda: "in"))

    assert app.test_client().get("/page", headers={"Accept": "text/html"}).status_code == 401
