"""Rewrites JSON Schemas in a provider's dialect (`schema_dialects`).

Providers refuse or ignore keywords outside their dialects. They become words in the description, as in Anthropic's own SDKs:
models mostly follow those. `oneOf` becomes `anyOf`, `allOf` is joined into one schema, `const` becomes `enum`, and references to
any place become references to `$defs`. What cannot be rewritten, such as recursion at Anthropic, is unsupported.
"""

from typing import NamedTuple

from ai_engine.providers.schema_dialects import Dialect
from ai_engine.providers.schema_references import cyclic, reference_to, steps_of, target_of
from ai_engine.wire.fields import invalid, json_text, optional, path_of, unsupported
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tolerant import array_in, object_in, string_in

_DEEPEST = 100
_MOST_PARTS = 10_000
_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_SCALAR_TYPES = ("string", "number", "boolean", "null")
_VARIANTS = ("anyOf", "oneOf")
_STRUCTURE = frozenset({"type", "properties", "required", "additionalProperties", "items", "prefixItems", *_VARIANTS})
_UNSAID = frozenset({"$schema", "$id", "$anchor", "$comment", "$vocabulary", "$defs", "definitions"})
"""Keywords that constrain nothing by themselves."""


def in_dialect(schema: Json, dialect: Dialect, where: str) -> Json:
    """The schema at the path `where`, rewritten; the same object where nothing is rewritten. `schema` is not changed.

    Raises `InvalidRequest` where it is no JSON Schema, and `UnsupportedByProvider` where the dialect cannot express it.
    """
    written = _Writer(schema, dialect, where).written()
    return schema if written == schema else written


def as_object(schema: Json) -> Json:
    """A tool's parameters as the schema of one object.

    Anthropic refuses variants at the top; Gemini and Bedrock demand an object. Variants become words, and their properties the
    object's.
    """
    words = {key: schema[key] for key in ("allOf", *_VARIANTS) if isinstance(schema.get(key), list)}
    if not words:
        return schema if "type" in schema else {"type": "object", **schema}
    properties: Json = {}
    needed: list[object] = []
    for key, parts in words.items():
        for part in parts:
            reference = string_in(part, "$ref")
            definition = object_in(object_in(schema, "$defs"), reference.removeprefix("#/$defs/")) if reference else part
            properties |= object_in(definition, "properties")
            needed += array_in(definition, "required") if key == "allOf" else []
    flat = {key: value for key, value in schema.items() if key not in words}
    flat |= {"type": "object", "properties": {**properties, **object_in(schema, "properties")}}
    if needed:
        flat["required"] = [*array_in(schema, "required"), *needed]
    _describe(flat, words)
    return flat


class _Definition(NamedTuple):
    name: str
    schema: object
    where: str


class _Required(NamedTuple):
    """A required property with references inside."""

    owner: str
    """The name of the definition that it is in."""
    of: Json
    """The object's schema, as written."""
    name: str
    references: frozenset[str]


class _Writer:
    """Writes one schema."""

    def __init__(self, root: Json, dialect: Dialect, where: str) -> None:
        self._root = root
        self._where = where
        self._dialect = dialect
        self._room = _MOST_PARTS
        self._names: dict[tuple[str, ...], str] = {}
        """Names in `$defs`, by what they refer to."""
        self._taken: set[str] = set()
        self._definitions: list[_Definition] = []
        self._owner = ""
        """The definition that is being written; empty for the root."""
        self._uses: dict[str, set[str]] = {"": set()}
        """The definitions that each definition refers to."""
        self._seen: list[str] = []
        """The names of all references so far, in order."""
        self._required: list[_Required] = []

    def written(self) -> Json:
        for name, schema in (optional(self._root, "$defs", dict, self._where) or {}).items():
            self._defined(("$defs", name), schema)
        root, _ = self._schema(self._resolved(self._root, self._where), self._where, 0)
        if self._dialect.wants_required and root.get("type") != "object":
            raise unsupported(path_of(self._where, "type"), f"must be object for {self._dialect.provider}")
        definitions: Json = {}
        for name, schema, where in self._definitions:  # grows
            self._owner = name
            self._uses[name] = set()
            # A definition that is only a reference is written as its target.
            definitions[name], _ = self._schema(self._resolved(schema, where), where, 0)
        if definitions:
            root["$defs"] = definitions
            self._check_cycles()
        return root

    # References

    def _resolved(self, schema: object, where: str) -> object:
        """`schema`, or what it refers to, with what stands beside the reference."""
        for _ in range(_DEEPEST):
            if not isinstance(schema, dict) or "$ref" not in schema or not _STRUCTURE.isdisjoint(schema):
                return schema
            target = target_of(schema["$ref"], self._root, path_of(where, "$ref"))
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {**target, **beside} if isinstance(target, dict) else target
        raise unsupported(path_of(where, "$ref"), "refers to itself")

    def _reference(self, given: JsonMapping, where: str) -> tuple[Json, Json]:
        target = target_of(given["$ref"], self._root, path_of(where, "$ref"))
        steps = steps_of(given["$ref"])
        name = self._names.get(steps) or self._defined(steps, target)
        self._uses[self._owner].add(name)
        self._seen.append(name)
        # Nothing may stand beside a reference.
        beside = {key: value for key, value in given.items() if key not in ("$ref", "title") and self._is_said(key)}
        return {"$ref": reference_to(name)}, beside

    def _defined(self, steps: tuple[str, ...], target: object) -> str:
        """The name of a new definition."""
        name = base = steps[-1] if steps else "root"
        number = 1
        while name in self._taken:
            number += 1
            name = f"{base}_{number}"
        self._names[steps] = name
        self._taken.add(name)
        self._definitions.append(_Definition(name, target, ".".join((self._where, *steps))))
        return name

    def _check_cycles(self) -> None:
        names = cyclic(self._uses)
        if names and not self._dialect.takes_cycles:
            raise unsupported(self._where, f"refers to itself, which is not supported by {self._dialect.provider}")
        for owner, written, name, references in self._required:
            if owner in names and not names.isdisjoint(references):
                written["required"] = [each for each in written["required"] if each != name]
                _describe(written, {"required": [name]})

    # Schemas

    def _schema(self, given: object, where: str, depth: int) -> tuple[Json, Json]:
        """The schema as written, and what its parent must say about it in words."""
        if given is True:
            given = {}
        if given is False:
            raise unsupported(where, f"is false, which is not supported by {self._dialect.provider}")
        if not isinstance(given, dict):
            raise invalid(where, "must be a schema: an object, or true")
        self._take(1, where, depth)
        if None in given.values():
            given = {key: value for key, value in given.items() if value is not None or key in ("const", "default")}
        given = self._joined(given, where, depth)
        if "$ref" in given:
            return self._reference(given, where)
        given = self._typed(given, where)
        written: Json = {}
        words: Json = {}
        for key, value in given.items():
            if self._is_said(key) and not self._write(written, key, value, words, given, where, depth):
                words[key] = value
        self._close(written, given, words)
        if words:
            _describe(written, words, where)
        return written, {}

    def _take(self, parts: int, where: str, depth: int) -> None:
        self._room -= parts
        if self._room < 0:
            raise unsupported(self._where, f"has more than {_MOST_PARTS} parts, which is not supported")
        if depth > _DEEPEST:
            raise unsupported(where, f"is nested more than {_DEEPEST} levels deep, which is not supported")

    def _is_said(self, key: str) -> bool:
        return key not in _UNSAID and not key.startswith("x-")

    def _write(self, written: Json, key: str, value: object, words: Json, given: Json, where: str, depth: int) -> bool:
        """Writes a keyword. False where the dialect does not support it."""
        dialect, at = self._dialect, path_of(where, key)
        if key == "type":
            written[key] = value
        elif key == "properties":
            self._write_properties(written, value, words, given, at, depth)
        elif key == "required":
            return isinstance(value, list)  # written with the properties
        elif key == "items" and isinstance(value, list):
            if "prefixItems" not in dialect.structure:
                return False
            written["prefixItems"] = self._list(value, words, "prefixItems", at, depth)
        elif key == "items" and value is not False:
            written[key] = self._child(value, words, key, at, depth)
        elif key in _VARIANTS:
            return self._write_variants(written, key, value, words, given, at, depth)
        elif key == "prefixItems" and key in dialect.structure:
            written[key] = self._list(value, words, key, at, depth)
        elif key == "additionalProperties":
            return self._write_additional(written, value, words, at, depth)
        elif key in dialect.keywords and dialect.keywords[key](value):
            written[key] = value
        elif key == "const" and "const" not in dialect.keywords and "enum" not in given and dialect.keywords["enum"]([value]):
            written["enum"] = [value]
        else:
            return False
        return True

    def _write_properties(self, written: Json, value: object, words: Json, given: Json, where: str, depth: int) -> None:
        if not isinstance(value, dict):
            raise invalid(where, "must be an object")
        names = given.get("required")
        names = (
            [name for name in _distinct_names(names) if value.get(name, False) is not False] if isinstance(names, list) else []
        )
        written["properties"] = properties = {}
        for name, schema in value.items():
            if schema is False:
                continue
            before = len(self._seen)
            properties[name], beside = self._schema(schema, f"{where}.{name}", depth + 1)
            if beside:
                words.setdefault("properties", {})[name] = beside
            if name in names and len(self._seen) > before:
                self._required.append(_Required(self._owner, written, name, frozenset(self._seen[before:])))
        if names or given.get("required") == []:
            written["required"] = names

    def _write_variants(self, written: Json, key: str, value: object, words: Json, given: Json, where: str, depth: int) -> bool:
        dialect = self._dialect
        if not isinstance(value, list) or not value:
            raise invalid(where, "must be a non-empty array")
        if dialect.closes_objects and "properties" in given:
            return False  # closed objects can have no more properties
        name = key if key in dialect.structure else "anyOf"
        if name in written or (name != key and name in given):
            return False
        if dialect.wants_types and "type" in given:
            kinds = given["type"]
            value = [{"type": kinds, **each} if isinstance(each, dict) and not _says_type(each) else each for each in value]
        written[name] = self._list(value, words, name, where, depth)
        return True

    def _write_additional(self, written: Json, value: object, words: Json, where: str, depth: int) -> bool:
        if not isinstance(value, (bool, dict)):
            raise invalid(where, "must be true, false or a schema")
        if self._dialect.closes_objects:
            return not isinstance(value, dict) or not value
        written["additionalProperties"] = (
            value if isinstance(value, bool) else self._child(value, words, "additionalProperties", where, depth)
        )
        return True

    def _child(self, value: object, words: Json, key: str, where: str, depth: int) -> Json:
        written, beside = self._schema(value, where, depth + 1)
        if beside:
            words[key] = beside
        return written

    def _list(self, value: object, words: Json, key: str, where: str, depth: int) -> list[Json]:
        if not isinstance(value, list):
            raise invalid(where, "must be an array")
        pairs = [self._schema(each, f"{where}[{place}]", depth + 1) for place, each in enumerate(value)]
        if any(beside for _, beside in pairs):
            words[key] = [beside for _, beside in pairs]
        return [written for written, _ in pairs]

    def _typed(self, given: Json, where: str) -> Json:
        """`given` with the type that it implies."""
        kinds = given.get("type")
        if kinds is not None:
            names = kinds if isinstance(kinds, list) else [kinds]
            if not names or not all(isinstance(name, str) and name in _TYPES for name in names):
                raise invalid(path_of(where, "type"), f"must be one of {', '.join(sorted(_TYPES))}, or an array of them")
            return given
        if "properties" in given or "additionalProperties" in given:
            return {"type": "object", **given}
        if "items" in given or "prefixItems" in given:
            return {"type": "array", **given}
        return given

    def _close(self, written: Json, given: JsonMapping, words: Json) -> None:
        """What objects must have in the dialect."""
        if self._dialect.wants_types and not _says_type(written):
            # Any value: objects would have to be closed, so the others remain.
            written["type"] = list(_SCALAR_TYPES)
        kinds = written.get("type")
        if self._dialect.wants_types and not written.keys().isdisjoint(_VARIANTS):
            written.pop("type", None)  # in the variants
        elif kinds == "object" or (isinstance(kinds, list) and "object" in kinds):
            if self._dialect.closes_objects:
                written.setdefault("properties", {})
                written["additionalProperties"] = False
            if self._dialect.wants_required and written.get("properties") and not written.get("required"):
                # Whatever is valid with it is valid without it.
                names = (name for name, schema in written["properties"].items() if "$ref" not in schema)
                if (first := next(names, None)) is not None:
                    written["required"] = [first]
        needed = given.get("required")
        if isinstance(needed, list):
            known = frozenset(written.get("required", ()))
            unknown = [name for name in _distinct_names(needed) if name not in known]
            if unknown:
                words["required"] = unknown

    def _joined(self, given: Json, where: str, depth: int) -> Json:
        """`given` with its `allOf` joined into it. What contradicts remains in `allOf`."""
        is_extended = "$ref" in given and not _STRUCTURE.isdisjoint(given)
        if not is_extended and "allOf" not in given:
            return given
        parts = given.get("allOf", [])
        if not isinstance(parts, list) or not (parts or is_extended):
            raise invalid(path_of(where, "allOf"), "must be a non-empty array")
        joined = {key: value for key, value in given.items() if key != "allOf"}
        if is_extended:
            parts = [{"$ref": joined.pop("$ref")}, *parts]
        elif len(parts) == 1 and isinstance(parts[0], dict) and "$ref" in parts[0] and _STRUCTURE.isdisjoint(joined):
            return {**parts[0], **joined}
        rest = []
        for place, each in enumerate(parts):
            at = f"{where}.allOf[{place}]"
            self._take(1, where, depth)
            part = self._resolved(each, at)
            if isinstance(part, dict):
                self._take(len(part), where, depth)
                if left := self._join(joined, self._joined(part, at if part is each else where, depth + 1)):
                    rest.append(left)
            elif part is not True:
                raise invalid(at, "must be a schema: an object, or true")
        return {**joined, "allOf": rest} if rest else joined

    def _join(self, joined: Json, part: Json) -> Json:
        """Adds the keywords of `part` to `joined`. Returns those that contradict."""
        left: Json = {}
        for key, value in part.items():
            has = joined.get(key)
            if key not in joined:
                joined[key] = value
            elif key == "required" and isinstance(has, list) and isinstance(value, list):
                joined[key] = _distinct_names([*has, *value])
            elif key == "properties" and isinstance(has, dict) and isinstance(value, dict):
                self._take(len(has) + len(value), self._where, 0)
                joined[key] = {**value, **has}
                if others := {name: schema for name, schema in value.items() if joined[key][name] != schema}:
                    left[key] = others
            elif has != value and key not in ("title", "description") and self._is_said(key):
                left[key] = value
        return left


def _distinct_names(names: list[object]) -> list[str]:
    """The strings of a `required`, each once."""
    return list(dict.fromkeys(name for name in names if isinstance(name, str)))


def _says_type(given: JsonMapping) -> bool:
    return not given.keys().isdisjoint(
        ("type", "$ref", "enum", "const", "properties", "items", "prefixItems", "allOf", *_VARIANTS)
    )


def _describe(written: Json, words: JsonMapping, where: str = "") -> None:
    """Adds keywords to the description, in words."""
    said = "{" + ", ".join(f"{key}: {json_text(value, path_of(where, key))}" for key, value in words.items()) + "}"
    description = written.get("description")
    written["description"] = f"{description}\n\n{said}" if description else said
