"""The identity server's signing key: RS256 tokens and the JWKS that verifies them. Source: Xero reference 1.1, 1.4."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from connectors.sandbox.common.exact_json import JsonObject


@cache
def _key() -> rsa.RSAPrivateKey:
    """One key per process: every simulator of a test run shares it."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(claims: JsonObject) -> str:
    """A JWT."""
    header = {"alg": "RS256", "kid": _key_id(), "typ": "JWT"}
    signed = ".".join(base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    signature = _key().sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{base64url(signature)}"


def key_set() -> JsonObject:
    numbers = _key().public_key().public_numbers()
    return {
        "keys": [
            {
                "kty": "RSA",
                "use": "sig",
                "alg": "RS256",
                "kid": _key_id(),
                "e": _number(numbers.e),
                "n": _number(numbers.n),
            }
        ]
    }


@cache
def _key_id() -> str:
    return hashlib.sha256(_number(_key().public_key().public_numbers().n).encode()).hexdigest()[:40].upper()


def _number(value: int) -> str:
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))
