"""What a secret looks like in a text, and the two functions that take it out: by its look, and by itself."""

import base64
import re
from urllib.parse import quote

REPLACEMENT = "[redacted]"

_SHORTEST_SECRET = 8
"""What is shorter is a word such as `none` or `ollama`, which servers without keys are given."""

# A key is known by the prefix its provider gives it, by the word before it, by the asterisks with which a provider half-hid it
# itself, or by being long and random. A match begins where a word begins and never backs off, so that the search stays linear.
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
    """`text` without anything that looks like a key, whole or half-hidden (`sk-abc***xyz`), and without bearer tokens.

    It may take a long random identifier that is no secret with it: rather that than the other way round.
    """
    return _SECRETS.sub(lambda match: (match["scheme"] or "") + REPLACEMENT, text)


def redact_exactly(text: str, secret: str) -> str:
    """`text` without this one secret: as it is, percent-encoded, in base64, or cut off where `text` was shortened."""
    if len(secret) < _SHORTEST_SECRET:
        return text
    for form in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode().rstrip("=")):
        text = text.replace(form, REPLACEMENT)
        beginnings = (form[:length] + "…" for length in range(len(form) - 1, _SHORTEST_SECRET // 2, -1))
        cut = next((beginning for beginning in beginnings if text.endswith(beginning)), None)
        if cut is not None:
            text = text.removesuffix(cut) + REPLACEMENT + "…"
    return text
