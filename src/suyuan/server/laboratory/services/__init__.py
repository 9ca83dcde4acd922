"""Writes of the laboratory, one module a verb; nothing is imported here, for the reading process stands below."""
