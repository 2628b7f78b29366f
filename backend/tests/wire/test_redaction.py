import time

import pytest

from ai_engine.wire.redaction import redact, redact_exactly


@pytest.mark.parametrize(
    "secret",
    [
        "sk-1234567890abcdef1234567890abcdef",
        "sk-proj-AbCdEf_gh-IjKlMnOpQrStUvWx",
        "sk-or-v1-0123456789abcdef0123456789abcdef",
        "sk-ant-api03-AbCdEf",
        "sk-abc***xyz",
        "sk-proj-****************************MxYA",
        "key_8Tjw********rtUb",
        "na***ys",
        "********lETQ",
        "gsk_AbCdEfGhIjKlMnOp",
        "AIzaSyA1234567890abcdefghijklmnop",
        "xai-AbCdEfGhIjKl",
        "pplx-0123456789abcdef",
        "hf_AbCdEfGhIjKlMn",
        "nvapi-AbCdEfGhIjKlMn",
        "AbCdEfGh1234567890AbCdEfGh123456",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "hV7_k2-QpLm9xZ_4tR-8sWc3Yb_6nJd0Fg-5uAe1Ki",
    ],
)
def test_a_key_is_taken_out_of_a_sentence(secret: str) -> None:
    assert redact(f"Incorrect API key provided: {secret}. You can find yours there.") == (
        "Incorrect API key provided: [redacted]. You can find yours there."
    )
    assert secret not in redact(f'{{"key":"{secret}"}}')


def test_a_bearer_token_is_taken_out_and_the_word_stays() -> None:
    assert redact("sent Authorization: Bearer abc.def_1 to it") == "sent Authorization: Bearer [redacted] to it"
    assert redact("use basic dXNlcjpwYXNzd29yZDEy,") == "use basic [redacted],"


@pytest.mark.parametrize(
    "text",
    [
        "Rate limit reached for gpt-4o in organization org_01hrsvc1b8ey on tokens per min (TPM). Try again in 18.642s.",
        "Bearer authentication is required",
        "The model `meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8` does not exist",
        "accounts/fireworks/models/llama-v3p1-405b-instruct is a task-oriented, risk-free model",
        "request 063f708f-f4c2-4465-9de1-452fb65d34ec failed",
        "max_completion_tokens is not supported; use **bold** or a*b",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("text", ["*" * 20_000, "a" * 20_000, "a-" * 10_000, "a*" * 10_000, "Bearer " * 3_000, "sk-" * 7_000])
def test_no_text_makes_the_search_slow(text: str) -> None:
    started = time.process_time()
    redact(text)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: token-a/b+1=.",
        "no access for key=token-a%2Fb%2B1%3D.",
        "no access for dG9rZW4tYS9iKzE9.",
    ],
)
def test_a_secret_of_any_look_is_taken_out_by_itself(text: str) -> None:
    assert "[redacted]." in redact_exactly(text, "token-a/b+1=")


def test_a_secret_that_the_end_of_a_shortened_text_cuts_is_taken_out() -> None:
    assert redact_exactly("Incorrect API key provided: token-ab…", "token-abc123") == "Incorrect API key provided: [redacted]…"


def test_a_word_that_stands_for_no_secret_stays() -> None:
    assert redact_exactly("ollama has no such model", "ollama") == "ollama has no such model"
