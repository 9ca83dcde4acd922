"""Examples in docstrings run and are true (house style 12)."""

import doctest
from importlib import import_module

import pytest

from tests.architecture.house import module_name, pure_modules


@pytest.mark.parametrize("name", [module_name(path) for path in pure_modules()])
def test_examples_are_true(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0
