"""What a thinking room must not do: reach for a file, a socket, a table, a clock or an unseeded die."""

import ast
from collections.abc import Iterator

# Modules whose import alone shows that a room touches the world, and what that would be.
WORLD = {
    **dict.fromkeys(("os", "pathlib", "shutil", "tempfile", "glob", "fileinput"), "files"),
    **dict.fromkeys(("socket", "ssl", "http", "httpx", "requests", "urllib.request", "asyncio"), "network"),
    **dict.fromkeys(("django", "ninja", "psycopg", "procrastinate", "sqlite3"), "database or framework"),
    **dict.fromkeys(("subprocess", "multiprocessing", "threading", "signal", "platform"), "processes"),
    **dict.fromkeys(("time", "sched"), "clock"),
    **dict.fromkeys(("secrets",), "chance"),
    **dict.fromkeys(("logging", "click", "rich"), "speech"),
}
CLOCK = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}
CHANCE = {("uuid", "uuid1"), ("uuid", "uuid4"), ("os", "urandom")}
SEEDED = {"default_rng", "Random", "SeedSequence", "PCG64", "Philox"}
SPEECH = {"open", "print", "input"}


def offences(source: str) -> list[str]:
    """What `source` does that a thinking room may not, each as `line: what`."""
    tree = ast.parse(source)
    found = [*_imports(tree), *_calls(tree)]
    return [f"{line}: {what}" for line, what in sorted(found)]


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every module imported anywhere in the tree, also inside a function; `from a import b` gives a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def _imports(tree: ast.Module) -> set[tuple[int, str]]:
    return {
        (line, f"import of {module} ({WORLD[door]})")
        for line, module in imported(tree)
        for door in WORLD
        if module == door or module.startswith(f"{door}.")
    }


def _calls(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        path = _dotted(node.func)
        if len(path) == 1 and path[0] in SPEECH:
            yield node.lineno, f"{path[0]}()"
        elif path[-2:] in CLOCK | CHANCE:
            yield node.lineno, f"{'.'.join(path)}() (clock or chance)"
        elif _unseeded(path, node):
            yield node.lineno, f"{'.'.join(path)}() without a seed"


def _unseeded(path: tuple[str, ...], call: ast.Call) -> bool:
    if path[-1:] and path[-1] in SEEDED:
        return not call.args and not call.keywords
    return len(path) > 1 and path[-2] == "random" and path[0] in {"random", "np", "numpy"} and path[-1].islower()


def _dotted(node: ast.expr) -> tuple[str, ...]:
    """`a.b.c` as its parts; what is not a plain name gives an empty first part."""
    if isinstance(node, ast.Attribute):
        return (*_dotted(node.value), node.attr)
    return (node.id,) if isinstance(node, ast.Name) else ("",)
