"""Signing what is delivered, with the secret that a subscriber chose (WebSub, section 7.1)."""

from __future__ import annotations

import hmac
from typing import Literal, get_args

Method = Literal["sha1", "sha256", "sha384", "sha512"]
METHODS: tuple[Method, ...] = get_args(Method)


def sign_body(body: bytes, secret: str, method: Method = "sha256") -> str:
    """Give the value of X-Hub-Signature: the method's name and the HMAC of the body in hexadecimal."""
    return f"{method}={hmac.digest(secret.encode(), body, method).hex()}"
