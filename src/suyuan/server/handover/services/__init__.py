"""Writes of hand-overs: acts beside the battery, and transfers between two companies, each confirmed by its side."""
