"""What a test needs of its machine."""

import os
from typing import NoReturn

import pytest


def go_without(missing: str) -> NoReturn:
    """Skips the test with a loud line; fails where CI runs it, which installs everything. `missing` is the line's sentence."""
    line = f"******** {missing} ********"
    if os.environ.get("CI") == "true":
        pytest.fail(line)
    pytest.skip(line)
