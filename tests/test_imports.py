"""Imports go one way: each room may use only the rooms below it."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import k6_cloud
import k6_cloud_mcp
import k6_cloud_mcp_prompts
import k6_cloud_mcp_tools
import k6_cloud_sandbox
import k6_runner

ROOMS = [k6_cloud, k6_runner, k6_cloud_sandbox, k6_cloud_mcp_tools, k6_cloud_mcp_prompts, k6_cloud_mcp]
ALLOWED = {
    "k6_cloud": set[str](),
    "k6_runner": {"k6_cloud"},
    "k6_cloud_sandbox": {"k6_cloud", "k6_runner"},
    "k6_cloud_mcp_tools": {"k6_cloud"},
    "k6_cloud_mcp_prompts": set[str](),
    "k6_cloud_mcp": {
        "k6_cloud",
        "k6_runner",
        "k6_cloud_sandbox",
        "k6_cloud_mcp_tools",
        "k6_cloud_mcp_prompts",
    },
}
MODULES = [
    (room.__name__, path) for room in ROOMS for folder in room.__path__ for path in Path(folder).rglob("*.py")
]


NAMES = {
    ".".join(path.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for room in ROOMS
    for root in map(Path, room.__path__)
    for path in root.rglob("*.py")
}


def imported_modules(name: str) -> set[str]:
    """The modules of ours that a module imports, also inside of functions and for types alone."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(NAMES[name].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & NAMES.keys()
            found |= inner or {node.module}
    return found & NAMES.keys() - {name}


def folder_of(name: str) -> str | None:
    """The folder of a module directly inside its package; None for a module at the package's root."""
    package, *inner = name.split(".")
    is_folder = len(inner) > 1 or (inner and NAMES[name].name == "__init__.py")
    return f"{package}.{inner[0]}" if is_folder else None


def imported_packages(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize(("room", "path"), MODULES, ids=[f"{room}/{path.name}" for room, path in MODULES])
def test_a_module_imports_only_rooms_below_its_own(room: str, path: Path):
    assert imported_packages(path) & ALLOWED.keys() - {room} <= ALLOWED[room]


@pytest.mark.parametrize("room", ["k6_cloud", "k6_runner", "k6_cloud_sandbox"])
def test_the_api_rooms_know_nothing_of_mcp(room: str):
    assert not any("mcp" in imported_packages(path) for name, path in MODULES if name == room)


def test_no_modules_import_each_other_in_a_circle():
    order = [*TopologicalSorter({name: imported_modules(name) for name in NAMES}).static_order()]
    assert {*order} == {*NAMES}


def test_no_two_folders_of_a_package_import_each_other():
    arrows = {(folder_of(name), folder_of(other)) for name in NAMES for other in imported_modules(name)}
    assert [
        arrow for arrow in arrows if None not in arrow and arrow[0] != arrow[1] and arrow[::-1] in arrows
    ] == []
