"""Simulators of the ledgers Ledgerlane talks to: real HTTP servers, honest about what they do not model."""
