"""From a template and its values to a response: escaping on, no scripts inline, headers that keep it so."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request
from litestar.datastructures import Cookie, FormMultiDict, State
from litestar.enums import MediaType
from litestar.response import Redirect, Response
from litestar.template.base import csrf_token

from service.console import words

HERE = Path(__file__).parent
FLASH_COOKIE = "ledgerlane_notice"
OPERATOR = "console_operator"
"""Where the signed-in operator stands in a request's state, for the page's frame."""

Ask = Request[Any, Any, State]

HEADERS = {
    # Templates hold no inline script or style, so nothing but our own files ever runs.
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


@cache
def environment() -> Environment:
    """The templates with everything they may call. Autoescaping is on for every one of them."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "time": words.time_text,
        "iso": lambda value: words.as_utc(value).isoformat(timespec="seconds"),
        "date": words.date_text,
        "amount": words.amount_text,
        "ledger": words.ledger_name,
        "plain": lambda value: format(value.normalize(), "f"),
        "pretty": lambda value: json.dumps(value, indent=2, ensure_ascii=False),
        "reason": words.reason_title,
    }
    made.globals |= {
        "word": words.word,
        "kind_name": words.kind_name,
        "blocks": words.reason_blocks,
        "plural": words.plural,
        "query": query,
        "asset": asset,
    }
    made.globals["ui"] = made.get_template("parts.html").module
    return made


def query(values: Mapping[str, Any], **changes: Any) -> str:
    """A query string, "?state=blocked&page=2": `values` with some replaced, empty ones left out."""
    kept = {name: value for name, value in {**values, **changes}.items() if value not in ("", None)}
    return f"?{urlencode(kept, doseq=True)}" if kept else "?"


@cache
def asset(name: str) -> str:
    """The address of a static file, with a stamp of its content so that it can be cached for good."""
    stamp = hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()[:12]
    return f"/console/static/{name}?v={stamp}"


def page(request: Ask, template: str, *, status: int = 200, **values: Any) -> Response[str]:
    """A page. A notice left by the action before it is shown once."""
    text = (
        environment()
        .get_template(template)
        .render(
            **values,
            csrf=csrf_token({"request": request}),
            operator=request.scope["state"].get(OPERATOR),
            path=request.url.path,
            notice=_read_notice(request),
        )
    )
    response = Response(
        text, status_code=status, media_type=MediaType.HTML, headers=HEADERS | {"cache-control": "no-store"}
    )
    if FLASH_COOKIE in request.cookies:
        response.delete_cookie(FLASH_COOKIE, path="/console")
    return response


def field(form: FormMultiDict, name: str) -> str:
    """One field of a form, trimmed; "" when it was not sent. NUL is dropped: no database stores it."""
    return str(form.get(name, "")).replace("\x00", "").strip()


def fields(form: FormMultiDict, name: str) -> list[str]:
    """Every value of a repeated field, in the order of the form."""
    return [str(value).replace("\x00", "").strip() for value in form.getall(name, [])]


def go(path: str, notice: str = "", *, tone: str = "good") -> Redirect:
    """After an action: to another page, with a sentence saying what happened. tone: good, info, warn or bad."""
    response = Redirect(path, status_code=303)
    if notice:
        text = json.dumps({"text": notice[:600], "tone": tone}).encode()
        response.set_cookie(
            Cookie(
                key=FLASH_COOKIE,
                value=base64.urlsafe_b64encode(text).decode().rstrip("="),
                path="/console",
                max_age=60,
                httponly=True,
                samesite="lax",
            )
        )
    return response


def _read_notice(request: Ask) -> dict[str, str] | None:
    raw = request.cookies.get(FLASH_COOKIE, "")
    try:
        said = json.loads(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
        return {"text": str(said["text"]), "tone": said["tone"] if said["tone"] in _TONES else "info"}
    except (binascii.Error, ValueError, KeyError, TypeError):
        return None


_TONES = {"good", "info", "warn", "bad"}
