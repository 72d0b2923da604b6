"""What was called: counts by route and the last calls, so that a test can say "exactly one create was sent"."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """One finished call. `route` is the path with ids replaced; `fault` names the injected fault, if any."""

    at: str
    method: str
    path: str
    query: str
    route: str
    status: int  # 0 = the connection was dropped
    realm: str
    request_id: str
    fault: str
    replayed: bool


class CallLog:
    """Counts every call since the last reset and remembers the newest ones."""

    def __init__(self, keep: int = 5000) -> None:
        self._recent: deque[Call] = deque(maxlen=keep)
        self._by_route: Counter[str] = Counter()
        self._by_status: Counter[str] = Counter()

    def add(self, call: Call) -> None:
        self._recent.append(call)
        self._by_route[f"{call.method} {call.route}"] += 1
        self._by_status[str(call.status)] += 1

    def reset(self) -> None:
        self._recent.clear()
        self._by_route.clear()
        self._by_status.clear()

    def summary(self) -> dict[str, Any]:
        return {
            "total": self._by_route.total(),
            "by_route": dict(sorted(self._by_route.items())),
            "by_status": dict(sorted(self._by_status.items())),
        }

    def recent(self, limit: int) -> list[dict[str, Any]]:
        """The newest `limit` calls, oldest of them first."""
        return [asdict(call) for call in list(self._recent)[-limit:]] if limit else []
