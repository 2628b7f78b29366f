"""JSON objects as Python has them."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
"""An object that is built or changed."""

JsonMapping = Mapping[str, Any]
"""An object that is only read."""
