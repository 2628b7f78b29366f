"""How the tests wait is decided in `tests/patience.py`: a bound of their own would be a guess about the machine."""

import ast

from tests.repository.tree import ROOT, files

TESTS = [path for path in files() if path.suffix == ".py" and path.is_relative_to(ROOT / "backend/tests")]
WAITS = {"asyncio.timeout", "asyncio.wait_for"}
WALL_CLOCKS = {"time.perf_counter", "time.monotonic", "loop.time"}


def called(node: ast.AST) -> str | None:
    return ast.unparse(node.func) if isinstance(node, ast.Call) else None


def is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def is_guess(node: ast.AST) -> bool:
    """Whether it waits for as long as a number says, or asks how little a clock on the wall has moved."""
    match node:
        case ast.Call(args=arguments) if called(node) in WAITS:
            return any(map(is_number, arguments))
        case ast.Compare(left=ast.BinOp(left=clock), ops=[ast.Lt() | ast.LtE(), *_]):
            return called(clock) in WALL_CLOCKS
        case _:
            return False


def test_no_test_guesses_how_fast_the_machine_is() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        for path in TESTS
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if is_guess(node)
    }

    assert found == set()
