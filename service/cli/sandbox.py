"""`ledgerlane sandbox`: the simulators, which are products of their own and bring their own commands."""

from __future__ import annotations

from connectors.sandbox.cli import main as sandbox

sandbox.name = "sandbox"
__all__ = ["sandbox"]
