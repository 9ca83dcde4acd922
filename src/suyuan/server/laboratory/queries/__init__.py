"""Reads of the laboratory; each takes a Scope."""
