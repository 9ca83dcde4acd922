"""Small modules, small functions (house style 3)."""

import ast

from tests.architecture.house import functions, modules, name_of

MODULE_LINES = 600
FUNCTION_LINES = 60
FOLDERS = ("src", "tests", "scripts", "benchmarks", "docs")


def test_no_module_reaches_600_lines() -> None:
    long = {name_of(path): lines for path in modules(*FOLDERS) if (lines := _lines(path.read_text())) >= MODULE_LINES}
    assert not long


def test_no_function_reaches_60_lines() -> None:
    long = {
        f"{name_of(path)}:{function.lineno} {function.name}": size
        for path in modules(*FOLDERS)
        for function in functions(ast.parse(path.read_text()))
        if (size := _size(function)) >= FUNCTION_LINES
    }
    assert not long


def test_a_long_function_is_seen() -> None:
    source = "class A:\n def f(self):\n" + "  x = 1\n" * FUNCTION_LINES
    (function,) = functions(ast.parse(source))
    assert _size(function) > FUNCTION_LINES


def _lines(text: str) -> int:
    return len(text.splitlines())


def _size(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1
