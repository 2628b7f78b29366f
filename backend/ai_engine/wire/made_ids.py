"""Ids for answers and calls that a provider sends without: derived from the bytes, so that reading twice gives one id."""

import hashlib


def answer_id(data: bytes) -> str:
    """From the body or its first event."""
    return "chatcmpl-" + hashlib.sha256(data).hexdigest()[:24]


def call_id(answer: str, choice: int, number: int) -> str:
    """Of the answer's `number`th call in this choice. OpenAI allows 40 characters."""
    return "call_" + hashlib.sha256(f"{answer}/{choice}/{number}".encode()).hexdigest()[:24]
