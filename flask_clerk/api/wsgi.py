"""Carrying calls to a WSGI app of this process instead of over the network."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING
from typing import Any
from urllib.parse import unquote_to_bytes
from urllib.parse import urlsplit
from wsgiref.util import setup_testing_defaults

from requests import PreparedRequest
from requests import Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class WSGIAdapter(HTTPAdapter):
    """An adapter of ``requests`` that calls an app, which takes this machine to be calling."""

    def __init__(self, app: WSGIApplication) -> None:
        """Call an app; the URLs' paths are its own, whatever their host."""
        super().__init__()
        self._app = app

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        """Call the app; timeouts and proxies have no meaning here."""
        begun: list[Any] = []

        def start_response(status: str, headers: Any, error: Any = None) -> Any:
            begun[:] = [int(status[:3]), headers]
            return lambda chunk: None

        parts = self._app(self._environ(request), start_response)
        try:
            body = b"".join(parts)
        finally:
            getattr(parts, "close", lambda: None)()
        status, headers = begun
        raw = HTTPResponse(BytesIO(body), headers, status, preload_content=False)
        return self.build_response(request, raw)

    def _environ(self, request: PreparedRequest) -> dict[str, Any]:
        url = urlsplit(request.url or "")
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else body
        headers = {
            name.upper().replace("-", "_"): str(value) for name, value in request.headers.items()
        }
        environ: dict[str, Any] = {f"HTTP_{name}": value for name, value in headers.items()}
        environ.update(
            HTTP_HOST=url.netloc,
            REMOTE_ADDR="127.0.0.1",
            REQUEST_METHOD=request.method,
            SCRIPT_NAME="",
            PATH_INFO=unquote_to_bytes(url.path).decode("latin-1"),
            QUERY_STRING=url.query,
            CONTENT_TYPE=headers.get("CONTENT_TYPE", ""),
            CONTENT_LENGTH=str(len(content)),
        )
        environ["wsgi.input"] = BytesIO(content)
        setup_testing_defaults(environ)
        return environ
