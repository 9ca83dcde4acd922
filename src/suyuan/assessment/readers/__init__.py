"""Readers of testers' files: bytes to columns, one module a family of forms."""
