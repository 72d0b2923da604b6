"""`ledgerlane sandbox`: the simulators, which are products of their own and bring their own commands."""

from __future__ import annotations

from importlib import import_module

sandbox = import_module("connectors.sandbox.cli").main
