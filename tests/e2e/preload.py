"""What the fork server imports once for all children."""

import service.app
import service.console
import service.wiring  # noqa: F401
import tests.chaos.boundaries  # noqa: F401
