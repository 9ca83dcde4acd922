"""Labels of batteries: designs as data, symbols, pages as PDF or ZPL, and the proof that every symbol reads.

A label says what a battery is (`Facts`) in the layout of a design. Everything that leaves this room was looked
at first: each page is drawn as it will be printed, and each symbol on it is decoded (`suyuan.labels.sheets`).
"""

from suyuan.labels.designs import Design, Sheet, designs
from suyuan.labels.errors import LabelError
from suyuan.labels.facts import Facts, address_of
from suyuan.labels.sheets import Printed, print_labels

__all__ = ["Design", "Facts", "LabelError", "Printed", "Sheet", "address_of", "designs", "print_labels"]
