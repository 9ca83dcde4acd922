"""Reads of the room; those for people take a Scope."""
