"""Secrets at rest: AES-256-GCM, bound to the row and field they belong to.

A ciphertext moved to another row does not decrypt: its place is associated data. One byte names the key, so that
keys can be rotated: new writes use the first key, reads accept all.
"""

from __future__ import annotations

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class SecretUnreadable(Exception):
    """No configured key opens this secret: LEDGERLANE_SECRET_KEY was changed without keeping the old one."""


class SecretBox:
    """Seals and opens short secrets. keys: the first one seals, all of them open."""

    def __init__(self, keys: list[bytes]) -> None:
        if not keys:
            raise ValueError("LEDGERLANE_SECRET_KEY is not set; make one with `ledgerlane keys secret`")
        self._ciphers = {_key_id(key): AESGCM(key) for key in reversed(keys)}
        self._current = _key_id(keys[0])

    def seal(self, secret: bytes, *, place: str) -> bytes:
        """place: where it will be kept, such as "connection:con_1:grant"."""
        nonce = os.urandom(12)
        return self._current + nonce + self._ciphers[self._current].encrypt(nonce, secret, place.encode())

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """Raises SecretUnreadable for another place, another key or a damaged value."""
        key_id, nonce, ciphertext = sealed[:1], sealed[1:13], sealed[13:]
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise SecretUnreadable(place)
        try:
            return cipher.decrypt(nonce, ciphertext, place.encode())
        except InvalidTag:
            raise SecretUnreadable(place) from None


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"ledgerlane key id" + key).digest()[:1]
