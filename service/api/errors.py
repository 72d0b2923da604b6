"""Everything that is not a success, as RFC 9457 problem details with reason codes.

400  the request does not have the documented shape: every field at once
401  no key, or a wrong one          404  no such thing, or another platform's
409  the request contradicts what is recorded
413, 415  too large, not JSON        500  a fault on our side: an id to quote, nothing else
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR

from contracts.api import ProblemDetails
from contracts.problems import REASONS, Problem, Reason
from service.api.request_ids import request_id_of
from service.views.paging import CursorInvalid

PROBLEM_JSON = "application/problem+json"
MOST_PROBLEMS = 200
LONGEST_VALUE = 200

log = structlog.get_logger("ledgerlane.api")

_REASON_OF_STATUS = {
    401: Reason.UNAUTHENTICATED,
    404: Reason.NOT_FOUND,
    409: Reason.CONFLICT,
}
_DETAIL_OF_STATUS = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: "The request is larger than this address accepts.",
    415: "Send JSON, with the header Content-Type: application/json.",
}
_NAME_OUTSIDE = {"in_state": "state"}
"""Parameters whose own name the framework keeps for itself."""


class Trouble(Exception):
    """An answer that is not a success, decided by a handler."""

    def __init__(self, status: int, reason: Reason, detail: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.detail = detail
        self.problems = list(problems)
        self.headers: dict[str, str] = {}


def malformed(problems: Sequence[Problem]) -> Trouble:
    """400, with every field that is wrong."""
    count = len(problems)
    shown = list(problems[:MOST_PROBLEMS])
    detail = "One field is wrong." if count == 1 else f"{count} fields are wrong."
    if count > MOST_PROBLEMS:
        detail += f" The first {MOST_PROBLEMS} are listed."
    return Trouble(400, Reason.MALFORMED, detail, shown)


def malformed_field(where: str, field: str, message: str, fix: str, value: object = "") -> Trouble:
    """400 for one field, or the whole body when field is empty."""
    return malformed(
        [Problem(reason=Reason.MALFORMED, where=where, field=field, message=message, fix=fix, value=value_text(value))]
    )


def not_found(what: str) -> Trouble:
    """404. Another platform's thing is answered the same way, so that nothing is told of it."""
    return Trouble(404, Reason.NOT_FOUND, f"There is no such {what}.")


def refused(problems: Sequence[Problem]) -> Trouble:
    """409: understood, and contradicting what is recorded."""
    return Trouble(409, problems[0].reason, problems[0].message, problems)


def field_problems(errors: Sequence[Mapping[str, Any]], root: Any, *, where: str, prefix: str = "") -> list[Problem]:
    """Pydantic's errors as problems, one for each field. root: what was validated, to find real paths in."""
    found: dict[str, Problem] = {}
    for error in errors:
        path = ".".join(part for part in (prefix, _real_path(error, root)) if part)
        message, fix = _explain(error)
        found.setdefault(
            path,
            Problem(
                reason=Reason.MALFORMED,
                where=where,
                field=path,
                message=message,
                fix=fix,
                value="" if error["type"] == "missing" else value_text(error.get("input", "")),
            ),
        )
    return list(found.values())


def value_text(value: object) -> str:
    """A value to quote: scalars only, and not much of them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) < 10**30:
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        printable = value.replace("\x00", "\\u0000")
        return printable if len(printable) <= LONGEST_VALUE else printable[: LONGEST_VALUE - 1] + "…"
    return ""


def problem_response(request: Request[Any, Any, Any], trouble: Trouble) -> Response[ProblemDetails]:
    """The answer on the wire."""
    body = ProblemDetails(
        type=f"/problems/{trouble.reason}",
        title=REASONS[trouble.reason].title,
        status=trouble.status,
        detail=trouble.detail,
        instance=request.scope["path"],
        request_id=request_id_of(request.scope),
        problems=trouble.problems,
    )
    return Response(body, status_code=trouble.status, media_type=PROBLEM_JSON, headers=trouble.headers)


def on_trouble(request: Request[Any, Any, Any], error: Trouble) -> Response[ProblemDetails]:
    """An answer a handler decided on."""
    return problem_response(request, error)


def on_cursor(request: Request[Any, Any, Any], error: CursorInvalid) -> Response[ProblemDetails]:
    """A cursor that no list made."""
    trouble = malformed_field(
        "the query",
        "after" if request.scope["path"] == "/v1/events" else "cursor",
        "The cursor was not made by this list.",
        "Use next_cursor as it was answered, or leave it out to begin at the start.",
        str(error),
    )
    return problem_response(request, trouble)


def on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[ProblemDetails]:
    """What the framework refused before a handler ran."""
    if isinstance(error, ValidationException):
        return problem_response(request, malformed(_validation_problems(request, error)))
    if error.status_code >= HTTP_500_INTERNAL_SERVER_ERROR:
        return on_fault(request, error)
    reason = _REASON_OF_STATUS.get(error.status_code, Reason.MALFORMED)
    trouble = Trouble(error.status_code, reason, _DETAIL_OF_STATUS.get(error.status_code, error.detail))
    trouble.headers = dict(error.headers or {})
    return problem_response(request, trouble)


def on_fault(request: Request[Any, Any, Any], error: Exception) -> Response[ProblemDetails]:
    """A defect of ours: logged with its trace, answered with nothing but an id to quote."""
    log.error("unhandled", request_id=request_id_of(request.scope), exc_info=error)
    return problem_response(
        request, Trouble(500, Reason.INTERNAL, "Something went wrong on our side; quote request_id to ask about it.")
    )


def _validation_problems(request: Request[Any, Any, Any], error: ValidationException) -> list[Problem]:
    fields = getattr(error.__cause__, "errors", None)
    if isinstance(fields, list):
        root = request.scope["state"].get("decoded_body")
        return field_problems(fields, root, where="the body")
    problems: list[Problem] = []
    extra = error.extra if isinstance(error.extra, list) else []
    for entry in extra:
        if entry.get("key") == "data":
            problems.append(_body_missing())
            continue
        name = _NAME_OUTSIDE.get(entry.get("key", ""), entry.get("key", ""))
        problems.append(
            Problem(
                reason=Reason.MALFORMED,
                where=f"the {entry.get('source', 'request')}",
                field=name,
                message=entry.get("message", ""),
                fix="Correct the parameter as the API description says.",
                value=value_text(request.query_params.get(name, "")),
            )
        )
    return problems or [_body_missing() if "data" in error.detail else _unexplained(error)]


def _body_missing() -> Problem:
    return Problem(
        reason=Reason.MALFORMED,
        where="the body",
        message="A JSON object is expected as the body.",
        fix="Send the body the API description shows, with the header Content-Type: application/json.",
    )


def _unexplained(error: ValidationException) -> Problem:
    return Problem(
        reason=Reason.MALFORMED,
        where="the request",
        message=error.detail,
        fix="Correct the request as the API description says.",
    )


def _real_path(error: Mapping[str, Any], root: Any) -> str:
    """The path without the names pydantic gives to the branches of a union."""
    parts: list[str] = []
    here = root
    for part in error["loc"]:
        if (isinstance(here, dict) and part in here) or (
            isinstance(here, list) and isinstance(part, int) and part < len(here)
        ):
            here = here[part]
        elif not (isinstance(here, dict) and error["type"] == "missing"):
            continue
        parts.append(str(part))
    return ".".join(parts)


def _explain(error: Mapping[str, Any]) -> tuple[str, str]:
    kind, message = error["type"], str(error["msg"])
    context = error.get("ctx", {})
    match kind:
        case "missing":
            return "This field is required.", "Send it."
        case "extra_forbidden":
            return "There is no such field here.", "Remove it, or check its spelling."
        case "enum" | "literal_error":
            return "This value is not one of those allowed.", f"Use {context.get('expected', 'an allowed value')}."
        case "string_pattern_mismatch":
            return "This text does not have the required form.", f"It must match {context.get('pattern', '')}."
        case "value_error":
            return message.removeprefix("Value error, "), "Correct the value."
        case _:
            return message, "Correct the value."


EXCEPTION_HANDLERS: dict[int | type[Exception], Any] = {
    Trouble: on_trouble,
    CursorInvalid: on_cursor,
    HTTPException: on_http,
    Exception: on_fault,
}
