"""How long to wait before trying again: a time in a row, never a sleeping task."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from service.clock import utc_now


def retry_at(failures: int, *, first_seconds: float = 1.0, longest_seconds: float = 3600.0) -> datetime:
    """Doubling with full jitter on the upper half: 1 s, 2 s, 4 s ... up to an hour."""
    ceiling = min(longest_seconds, first_seconds * 2 ** min(failures, 20))
    return utc_now() + timedelta(seconds=ceiling * random.uniform(0.5, 1.0))
