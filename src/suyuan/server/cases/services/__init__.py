"""Writes of cases: open one, take a step, keep an attachment, check what is kept."""
