"""The one tool of the agents that are written with a library, and what structured answers are asked for."""

from pathlib import Path

from pydantic import BaseModel


def read_file(path: str) -> str:
    """Reads a file."""
    return Path(path).read_text()


class Answer(BaseModel):
    """An answer."""

    answer: str
