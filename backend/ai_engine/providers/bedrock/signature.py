"""AWS Signature Version 4, in headers.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (read 2026-11-30).
"""

import hashlib
import hmac
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote, urlsplit

from ai_engine.providers.cloud_credentials import AwsCredentials
from ai_engine.upstream.port import Headers

_ALGORITHM = "AWS4-HMAC-SHA256"
_SAFE = "-_.~"
_REMEMBERED_KEYS = 64
_DEFAULT_PORTS = {"http": 80, "https": 443}


def signed_headers(
    method: str, url: str, headers: Headers, body: bytes, credentials: AwsCredentials, *, region: str, service: str, at: datetime
) -> Headers:
    """The headers to add to `headers`: the date, the signature of all headers, and the token of temporary credentials.

    `url` is percent-encoded already. `at` is in UTC.
    """
    moment = at.strftime("%Y%m%dT%H%M%SZ")
    added: Headers = ((b"x-amz-date", moment.encode()),)
    if credentials.session_token is not None:
        added += ((b"x-amz-security-token", credentials.session_token.encode()),)
    parts = urlsplit(url)
    named = [("host", _host(parts.scheme, parts.hostname or "", parts.port))]
    named += [(name.decode("latin-1"), " ".join(value.decode("latin-1").split())) for name, value in headers + added]
    named.sort()
    names = ";".join(name for name, _ in named)
    canonical = "\n".join(
        (
            method,
            quote(parts.path or "/", safe="/" + _SAFE),  # encoded twice, for every service but S3
            _query(parts.query),
            *(f"{name}:{value}" for name, value in named),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        )
    )
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    text = "\n".join((_ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = _signing_key(credentials.secret_access_key, moment[:8], region, service)
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    value = f"{_ALGORITHM} Credential={credentials.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return (*added, (b"authorization", value.encode()))


def _host(scheme: str, host: str, port: int | None) -> str:
    """The `host` header that HTTP clients send."""
    host = f"[{host}]" if ":" in host else host
    return host if port is None or port == _DEFAULT_PORTS.get(scheme) else f"{host}:{port}"


def _query(query: str) -> str:
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&") if pair)
    return "&".join(f"{name}={value}" for name, value in pairs)


@lru_cache(_REMEMBERED_KEYS)
def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
