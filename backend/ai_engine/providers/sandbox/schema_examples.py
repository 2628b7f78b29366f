"""A small value that fits a JSON schema, for the sandbox's structured answers and tool arguments."""

from typing import Any

from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tolerant import array_in, object_in, objects_in

_DEEPEST = 24
_MOST_STEPS = 2000
_LARGEST_ARRAY = 16
_LONGEST_STRING = 256

# One value of each format in https://json-schema.org/understanding-json-schema/reference/type#built-in-formats (read 2026-11-23).
_FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "duration": "PT0S",
    "email": "sandbox@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def example(schema: object, text: str = "sandbox") -> Any:
    """A value that fits `schema`, with `text` wherever any string fits.

    Patterns and conditions (`if`, `not`, `dependentSchemas`) are ignored. An invalid schema gets `{}`.
    """
    return _Examples(schema, text).of(schema, 0)


class _Examples:
    def __init__(self, root: object, text: str) -> None:
        self._root = root
        self._text = text
        # A short recursive schema may describe millions of values.
        self._steps_left = _MOST_STEPS

    def of(self, schema: object, depth: int) -> Any:
        self._steps_left -= 1
        if not isinstance(schema, dict) or depth > _DEEPEST or self._steps_left < 0:
            return {} if depth == 0 else None
        schema = self._flattened(schema)
        if "const" in schema:
            return schema["const"]
        options = schema.get("enum")
        if isinstance(options, list) and options:
            return options[0]
        for name in ("anyOf", "oneOf"):
            branches = schema.get(name)
            if isinstance(branches, list) and branches:
                return self.of(self._chosen(branches, depth), depth + 1)
        return self._of_type(schema, _type_of(schema), depth)

    def _flattened(self, schema: JsonMapping) -> JsonMapping:
        """The schema with its references followed and its `allOf` merged in."""
        merged: Json = {}
        waiting = [schema]
        while waiting and self._steps_left > 0:
            self._steps_left -= 1
            part = waiting.pop()
            required = [*array_in(merged, "required"), *array_in(part, "required")]
            properties = {**object_in(merged, "properties"), **object_in(part, "properties")}
            # The outer schema takes precedence.
            merged = {**part, **merged, "required": required, "properties": properties}
            reference = merged.pop("$ref", None)
            if isinstance(reference, str):
                waiting.append(self._referenced(reference))
            waiting += objects_in(merged, "allOf")
            merged.pop("allOf", None)
        return merged

    def _referenced(self, reference: str) -> JsonMapping:
        place: Any = self._root
        for step in reference.removeprefix("#").strip("/").split("/") if reference != "#" else ():
            name = step.replace("~1", "/").replace("~0", "~")
            place = place.get(name) if isinstance(place, dict) else None
        return place if isinstance(place, dict) else {}

    def _chosen(self, branches: list[Any], depth: int) -> Any:
        # A recursive type ends where it may be null.
        if depth > _DEEPEST // 4:
            for branch in branches:
                if isinstance(branch, dict) and branch.get("type") in ("null", "string", "number", "integer", "boolean"):
                    return branch
        return branches[0]

    def _of_type(self, schema: JsonMapping, kind: str, depth: int) -> Any:
        match kind:
            case "string":
                return self._string(schema)
            case "integer" | "number":
                return _number(schema, kind)
            case "boolean":
                return False
            case "null":
                return None
            case "array":
                return self._array(schema, depth)
            case _:
                return self._object(schema, depth)

    def _object(self, schema: JsonMapping, depth: int) -> Json:
        properties = object_in(schema, "properties")
        required = [name for name in array_in(schema, "required") if isinstance(name, str)]
        return {name: self.of(properties.get(name, {"type": "string"}), depth + 1) for name in required}

    def _array(self, schema: JsonMapping, depth: int) -> list[Any]:
        first = array_in(schema, "prefixItems")
        least = schema.get("minItems")
        count = min(least, _LARGEST_ARRAY) if isinstance(least, int) else 0
        items = schema.get("items", {"type": "string"})
        values = [self.of(item, depth + 1) for item in first]
        return values + [self.of(items, depth + 1) for _ in range(count - len(values))]

    def _string(self, schema: JsonMapping) -> str:
        form = schema.get("format")
        if isinstance(form, str) and form in _FORMATS:
            return _FORMATS[form]
        text, least, most = self._text, schema.get("minLength"), schema.get("maxLength")
        if isinstance(least, int):
            text = text.ljust(min(least, _LONGEST_STRING), ".")
        return text[: max(most, 0)] if isinstance(most, int) else text


def _type_of(schema: JsonMapping) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if isinstance(each, str) and each != "null"), "null")
    if isinstance(kind, str):
        return kind
    if "items" in schema or "prefixItems" in schema:
        return "array"
    return "object"


def _number(schema: JsonMapping, kind: str) -> int | float:
    step = _real(schema, "multipleOf") or (1 if kind == "integer" else None)
    value = _real(schema, "minimum")
    above = _real(schema, "exclusiveMinimum")
    if above is not None and (value is None or above >= value):
        value = above + (step or 1)
    most = _real(schema, "maximum")
    if value is None:
        value = min(0, most) if most is not None else 0
    if step and value % step:
        value += step - value % step
    return int(value) if kind == "integer" else value


def _real(schema: JsonMapping, name: str) -> int | float | None:
    value = schema.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15 else None
