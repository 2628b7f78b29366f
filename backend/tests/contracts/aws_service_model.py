"""What AWS publishes of its own APIs (the service models in botocore), as checks.

    check_request("Converse", {"modelId": "…", **body})
    check_answer("Converse", body)

Stricter than botocore's own validation, which looks at types, at required and unknown fields, and at how many of a union there
are: enumerations, lengths and patterns count here too.
"""

import base64
import binascii
import re
from functools import cache
from typing import Any

from botocore.session import Session
from botocore.validate import ParamValidator

Json = dict[str, Any]


def check_request(operation: str, body: Json, service: str = "bedrock-runtime") -> None:
    """Asserts that `body`, with the parameters in the URL, is a valid request of the operation."""
    _check(_operation(service, operation).input_shape, body)


def check_answer(operation: str, body: Json, service: str = "bedrock-runtime") -> None:
    """Asserts that `body` is what the operation answers; of a stream, one event as its union has it."""
    shape = _operation(service, operation).output_shape
    streamed = [member for member in shape.members.values() if member.serialization.get("eventstream")]
    _check(streamed[0] if streamed else shape, body)


@cache
def _operation(service: str, name: str) -> Any:
    return _service(service).operation_model(name)


@cache
def _service(name: str) -> Any:
    return Session().get_service_model(name)


def _check(shape: Any, value: Json) -> None:
    faults: list[str] = []
    parameters = _as_parameters(shape, value, shape.name, faults)
    report = ParamValidator().validate(parameters, shape)
    assert not faults, "; ".join(faults[:5])
    assert not report.has_errors(), report.generate_report()


def _as_parameters(shape: Any, value: Any, where: str, faults: list[str]) -> Any:
    """JSON as botocore has it in Python: bytes where a blob is base64. Notes what botocore does not look at."""
    match shape.type_name:
        case "structure" if shape.is_document_type:
            return value
        case "structure" if isinstance(value, dict):
            members = shape.members
            return {
                name: _as_parameters(members[name], inner, f"{where}.{name}", faults) if name in members else inner
                for name, inner in value.items()
            }
        case "list" if isinstance(value, list):
            _check_length(shape, value, where, faults)
            return [_as_parameters(shape.member, inner, f"{where}[{place}]", faults) for place, inner in enumerate(value)]
        case "map" if isinstance(value, dict):
            return {name: _as_parameters(shape.value, inner, f"{where}.{name}", faults) for name, inner in value.items()}
        case "blob":
            return _blob(value, where, faults)
        case "string" if isinstance(value, str):
            _check_string(shape, value, where, faults)
        case "integer" | "float" | "long" if isinstance(value, int | float):
            most = shape.metadata.get("max")
            if most is not None and value > most:
                faults.append(f"{where}: {value} is more than {most}")
    return value


def _blob(value: object, where: str, faults: list[str]) -> bytes:
    try:
        assert isinstance(value, str)
        return base64.b64decode(value, validate=True)
    except (AssertionError, binascii.Error):
        faults.append(f"{where}: no base64")
        return b""


def _check_string(shape: Any, value: str, where: str, faults: list[str]) -> None:
    _check_length(shape, value, where, faults)
    if shape.enum and value not in shape.enum:
        faults.append(f"{where}: {value!r} is none of {shape.enum}")
    pattern = shape.metadata.get("pattern")
    if pattern is not None and re.fullmatch(pattern, value) is None:
        faults.append(f"{where}: {value!r} does not match {pattern[:100]}")


def _check_length(shape: Any, value: str | list[Any], where: str, faults: list[str]) -> None:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max")
    if len(value) < least or (most is not None and len(value) > most):
        faults.append(f"{where}: {len(value)} long, not {least} to {most}")
