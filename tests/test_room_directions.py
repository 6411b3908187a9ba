"""The rooms of the house import in one direction only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import statalike

PACKAGE = Path(statalike.__file__).resolve().parent

#: what each room may import from statalike, besides itself
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "data": {"errors"},
    "language": {"errors", "data"},
    "design": {"errors", "data", "language.ast"},
    "engine": set(),
    "nonlinear": {"errors", "data", "language", "design", "engine.nonlinear.mean_function"},
    "results": {"errors"},
    "output": {"errors", "results", "data.formats", "data.missing"},
    "graphics": {"errors", "data", "results"},
    "settings": {"errors", "data.formats"},
    "ado_path": {"data.names"},
    "postings": {"errors", "data"},
    "frames": {"errors", "data", "state"},
    "macro_lists": {"errors", "language"},
    "extended_macro_functions": {
        "errors", "data", "language", "evaluation", "displayed_text", "macro_lists", "output",
        "results", "state",
    },
    "programs": {"data", "language", "results"},
    "state": {
        "errors", "data", "language", "results", "output", "graphics", "settings", "programs",
        "ado_path", "postings", "system_values",
    },
    "system_values": {"data", "state"},
    "program_calls": {"errors", "language", "results", "control_flow", "programs", "state"},
    "evaluation": {"errors", "data", "language", "results", "state"},
    "displayed_text": {"errors", "data", "language", "evaluation", "output", "state"},
    "macro_scope": {
        "errors", "data", "language", "evaluation", "extended_macro_functions", "state",
    },
    "control_flow": {"errors", "data", "language", "evaluation", "state"},
    "echo": {"language"},
    "commands": {
        "errors", "data", "language", "design", "engine", "nonlinear", "results", "output",
        "graphics", "settings", "state", "evaluation", "displayed_text", "macro_scope",
        "control_flow", "programs", "ado_path", "postings", "frames", "system_values",
    },
    "interpreter": {
        "errors", "data", "language", "output", "state", "evaluation", "macro_scope",
        "control_flow", "commands.registry", "echo", "programs", "program_calls",
        "frames",
    },
    "session": {
        "errors", "data", "language", "results", "output", "graphics", "state", "control_flow",
        "interpreter", "commands.registry",
    },
    "shell": {
        "errors", "data.sources", "session", "language", "output", "commands.registry", "state",
        "control_flow", "echo",
    },
    "cli": {"errors", "shell"},
    "__main__": {"cli"},
    "__init__": {"session", "errors"},
}  # fmt: skip


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The statalike modules that a file imports anywhere, without the leading package name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {
            name.removeprefix("statalike.") for name in names if name.startswith("statalike.")
        }
    return found


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_follow_the_plan(path: Path) -> None:
    own = room(path)
    allowed = MAY_IMPORT[own] | {own, "__version__"}
    strangers = {
        name
        for name in imported(path)
        if not any(name == room or name.startswith(f"{room}.") for room in allowed)
    }
    assert not strangers


def test_the_engine_needs_numpy_and_scipy_only() -> None:
    outside: set[str] = set()
    for path in (PACKAGE / "engine").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                outside |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                outside.add(node.module.partition(".")[0])
    assert {"lark", "rich", "pandas", "prompt_toolkit", "matplotlib"}.isdisjoint(outside)
