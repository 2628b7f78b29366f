"""What every refusal of a caller's mistake has in common, whichever route it comes from."""

from typing import Any

import httpx


def refusal(answer: httpx.Response, status: int, *, param: str | None = None, code: str | None = None) -> Any:
    """The error object of a refusal that blames the caller, checked whole. `code` is compared where it is given."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-should-retry"] == "false"
    assert len(answer.headers.get_list("x-request-id")) == 1
    assert answer.json().keys() == {"error"}
    error = answer.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert isinstance(error["type"], str)
    assert len(error["message"].split()) >= 3, "an error is a sentence that says what to do"
    assert error["message"].endswith("."), error["message"]
    assert "Traceback" not in error["message"]
    assert error["param"] == param, error
    if code is not None:
        assert error["code"] == code
    return error
