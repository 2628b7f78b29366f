"""Ids for what a provider gives none: the same for the same bytes, so that an answer that is read twice is one answer."""

import hashlib


def answer_id(data: bytes) -> str:
    """An answer's, from its body or its first event."""
    return "chatcmpl-" + hashlib.sha256(data).hexdigest()[:24]


def call_id(answer: str, choice: int, number: int) -> str:
    """That of the answer's `number`th call in this choice. No longer than the 40 characters that OpenAI takes."""
    return "call_" + hashlib.sha256(f"{answer}/{choice}/{number}".encode()).hexdigest()[:24]
