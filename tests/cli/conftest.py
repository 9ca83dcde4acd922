"""The fixtures of the server's tests serve the commands that need a database."""

from tests.server.conftest import cast, clean_database, clock, database

__all__ = ["cast", "clean_database", "clock", "database"]
