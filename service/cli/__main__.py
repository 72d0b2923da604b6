"""`python -m service.cli`, the same as `ledgerlane`."""

from __future__ import annotations

from service.cli.main import main

if __name__ == "__main__":
    main()
