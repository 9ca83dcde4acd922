"""Suyuan (溯源): the life of a traction battery, from the cell line to the recycled metal."""

__version__ = "0.1.0"
