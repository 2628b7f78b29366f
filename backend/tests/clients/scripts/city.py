"""What structured answers are asked for."""

from pydantic import BaseModel


class City(BaseModel):
    """A city."""

    city: str
    inhabitants: int
