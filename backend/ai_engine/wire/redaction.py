"""Removes secrets from text: by their look, or one that is known."""

import base64
import re
from urllib.parse import quote

REPLACEMENT = "[redacted]"

_SHORTEST_SECRET = 8
"""Shorter keys are words such as `none` or `ollama`, for servers without keys."""

# A key is recognised by its provider's prefix, by the word before it, by asterisks of a provider's own masking, or by being long
# and random. A match begins at the start of a word and never backtracks, so that the search stays linear.
_SECRETS = re.compile(
    r"""
    (?<![\w*-]) (?:
        (?P<scheme> (?i: bearer | basic ) \s+ ) (?: (?=\S*[\d*_]) | (?=\S{20}) ) [^\s"',;]++
      | (?: sk | pk | rk | gsk | xai | pplx | nvapi | csk | aie ) [-_] [\w*-]{6,}+
      | (?: hf | fw | gh[a-z] | github_pat | tgp_v\d | r8 ) _ [\w*-]{8,}+
      | AIza [\w*-]{10,}+
      | ya29 \. [\w*.-]{10,}+
      | [\w-]++ \*{3,}+ [\w*-]*+
      | \*{3,}+ [\w-] [\w*-]*+
      | (?=[A-Za-z]*\d) (?=\d*[A-Za-z]) [A-Za-z0-9]{32,}+ (?![\w-])
      | (?=[\w-]*[a-z]) (?=[\w-]*[A-Z]) (?=[\w-]*\d) [\w-]{40,}+
    )
    """,
    re.VERBOSE,
)


def redact(text: str) -> str:
    """`text` without keys, whole or masked (`sk-abc***xyz`), and without bearer tokens. May remove other long random ids too."""
    return _SECRETS.sub(lambda match: (match["scheme"] or "") + REPLACEMENT, text)


def redact_exactly(text: str, secret: str) -> str:
    """`text` without this secret: plain, percent-encoded, in base64, or truncated at the end of a shortened `text`."""
    if len(secret) < _SHORTEST_SECRET:
        return text
    for form in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode().rstrip("=")):
        text = text.replace(form, REPLACEMENT)
        beginnings = (form[:length] + "…" for length in range(len(form) - 1, _SHORTEST_SECRET // 2, -1))
        cut = next((beginning for beginning in beginnings if text.endswith(beginning)), None)
        if cut is not None:
            text = text.removesuffix(cut) + REPLACEMENT + "…"
    return text
