"""Whose pages may call: anybody's where other contracts are served, as their servers have it; else those named."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from routing.compat.contracts import is_foreign

EXPOSED = ("X-Request-ID", "RateLimit", "RateLimit-Policy", "Retry-After", "Location", "ETag", "Link")


class Cors:
    """ASGI middleware; ``origins`` are those whose pages may call /v1."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        self.foreign = CORSMiddleware(app, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
        self.ours: ASGIApp = app
        if origins:
            self.ours = CORSMiddleware(
                app, allow_origins=origins, allow_methods=["*"], allow_headers=["*"], expose_headers=EXPOSED
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_others = scope["type"] == "http" and is_foreign(scope["method"], scope["path"])
        await (self.foreign if is_others else self.ours)(scope, receive, send)
