"""The page at ``/``: one file, which loads nothing and runs no script but its own."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import HTMLResponse

_PARTS = re.compile(r"<(style|script)>(.*?)</\1>", re.DOTALL)


async def page(request: Request) -> HTMLResponse:
    """Return the page, and the policy that holds a browser to it."""
    html, policy = _page()
    return HTMLResponse(html, headers={"Content-Security-Policy": policy})


@cache
def _page() -> tuple[str, str]:
    html = files("msssm_ts.serving").joinpath("page.html").read_text(encoding="utf-8")
    hashes = {kind: _hash(text) for kind, text in _PARTS.findall(html)}
    return html, (
        f"default-src 'none'; style-src {hashes['style']}; script-src {hashes['script']}; "
        "connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; "
        "form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
