"""References inside a JSON Schema."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from urllib.parse import unquote

from ai_engine.wire.fields import invalid, unsupported
from ai_engine.wire.json_types import JsonMapping


def steps_of(reference: str) -> tuple[str, ...]:
    """The steps of `#/a/b`, a JSON pointer: https://www.rfc-editor.org/rfc/rfc6901 (read 2026-11-30)."""
    return tuple(unquote(step).replace("~1", "/").replace("~0", "~") for step in reference.split("/")[1:])


def reference_to(name: str) -> str:
    """The reference to a definition."""
    return "#/$defs/" + name.replace("~", "~0").replace("/", "~1")


def target_of(reference: object, root: JsonMapping, where: str) -> object:
    """What a reference at the path `where` refers to. Raises `InvalidRequest` and `UnsupportedByProvider`."""
    if not isinstance(reference, str):
        raise invalid(where, "must be a string")
    if reference != "#" and not reference.startswith("#/"):
        raise unsupported(where, "must refer to a place in the schema, such as #/$defs/name")
    found: object = root
    for step in steps_of(reference):
        if isinstance(found, list) and step.isascii() and step.isdigit() and len(step) < 6 and int(step) < len(found):
            found = found[int(step)]
        elif isinstance(found, dict) and step in found:
            found = found[step]
        else:
            raise unsupported(where, f"is {reference[:60]!r}, which is not in the schema")
    return found


def cyclic(uses: Mapping[str, set[str]]) -> set[str]:
    """The definitions that are in a cycle, or between two; `uses` are those that each refers to."""
    used_by: dict[str, set[str]] = {name: set() for name in uses}
    for name, used in uses.items():
        for each in used:
            used_by[each].add(name)
    return _before_a_cycle(uses) & _before_a_cycle(used_by)


def _before_a_cycle(uses: Mapping[str, set[str]]) -> set[str]:
    """Those that reach a cycle: the sorter never gets to them."""
    sorter, rest = TopologicalSorter(uses), set(uses)
    try:
        sorter.prepare()
    except CycleError:
        while ready := sorter.get_ready():
            rest.difference_update(ready)
            sorter.done(*ready)
        return rest
    return set()
