"""Signed assertions: JSON Web Signatures in the compact form (RFC 7515, 3.1), for JSON Web Tokens (RFC 7519).

Only signing, with a private key that an admin gave. The algorithm is the caller's and never the key's or a message's choice.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, SECP384R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

MIN_RSA_BITS = 2048
"""RFC 7518, 3.3."""
_HASHES = {"256": hashes.SHA256, "384": hashes.SHA384}
_CURVES = {"ES256": SECP256R1, "ES384": SECP384R1}


class BadKey(ValueError):
    """A private key that cannot sign so. The message says why and holds nothing of the key."""


def sign(algorithm: str, pem: str, claims: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """A JWT signed with RS256, RS384, ES256 or ES384 (RFC 7518, 3.1). `headers` go beside `alg` and `typ`.

    Raises `BadKey` for a key that is no unencrypted PEM private key, or not of the algorithm's kind; `ValueError` for an
    algorithm that is not one of the four.
    """
    if algorithm not in ("RS256", "RS384", "ES256", "ES384"):
        raise ValueError("the algorithm must be RS256, RS384, ES256 or ES384")
    key = _loaded(pem)
    head = {"alg": algorithm, "typ": "JWT"} | {name: value for name, value in headers.items() if name not in ("alg", "typ")}
    signed = f"{_encoded(head)}.{_encoded(claims)}"
    return f"{signed}.{_base64(_signature(algorithm, key, signed.encode()))}"


def _loaded(pem: str) -> object:
    try:
        return load_pem_private_key(_with_lines(pem).encode(), password=None)
    except TypeError:
        raise BadKey("The private key is encrypted: give it without a passphrase") from None
    except (ValueError, UnsupportedAlgorithm):
        raise BadKey("The private key cannot be read: paste the whole PEM text, from -----BEGIN to END-----") from None


def _with_lines(pem: str) -> str:
    r"""A key that came through an environment variable or a JSON file may hold `\n` in place of line breaks."""
    return pem if "\n" in pem else pem.replace("\\n", "\n")


def _signature(algorithm: str, key: object, data: bytes) -> bytes:
    digest = _HASHES[algorithm[2:]]()
    if algorithm.startswith("RS"):
        if not isinstance(key, RSAPrivateKey) or key.key_size < MIN_RSA_BITS:
            raise BadKey(f"{algorithm} needs an RSA private key of {MIN_RSA_BITS} bits or more")
        return key.sign(data, PKCS1v15(), digest)
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, _CURVES[algorithm]):
        raise BadKey(f"{algorithm} needs a private key on the curve P-{algorithm[2:]}")
    r, s = decode_dss_signature(key.sign(data, ECDSA(digest)))
    size = int(algorithm[2:]) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _encoded(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(dict(value), separators=(",", ":"), ensure_ascii=True).encode())


def _base64(data: bytes) -> str:
    """Without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
