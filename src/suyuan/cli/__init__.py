"""The command line: one module a room, each imported when one of its commands runs."""

from suyuan.cli.program import main

__all__ = ["main"]
