"""How the rows of a record lie: which fields are lists in it, and who is inside whom.

A record may span rows: a pack is one row a cell, its own fields repeated. Fields in a list differ
from row to row; all others must agree. A kind without an entry here is one row a record.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from suyuan.events.vocabulary import Kind
from suyuan.sheets import Nest


@dataclass(frozen=True, slots=True)
class Shape:
    """The lists of a kind and its bonds.

    Parameters
    ----------
    nests
        Lists, as `suyuan.sheets` reads them from nested files. The first column of a list names its item.
    bonds
        (part, what it is in): within one file a part has one place. The place is the first of the
        fields that is filled.
    """

    nests: tuple[Nest, ...] = ()
    bonds: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def listed(self) -> tuple[str, ...]:
        """Fields that may differ between the rows of a record."""
        return tuple(name for nest in self.every_nest() for name in nest.columns)

    @property
    def items(self) -> tuple[str, ...]:
        """Fields that tell the rows of a record apart: no two rows have the same in all of them.

        Lists side by side pair their items freely, so only a row that says the same throughout is the same.
        """
        return self.listed if self.parallel else tuple(nest.columns[0] for nest in self.every_nest())

    def every_nest(self) -> Iterator[Nest]:
        """All lists, outer before inner."""

        def walk(nests: tuple[Nest, ...]) -> Iterator[Nest]:
            for nest in nests:
                yield nest
                yield from walk(nest.nests)

        return walk(self.nests)

    @property
    def parallel(self) -> tuple[Nest, ...]:
        """Lists side by side in one record: a row need not carry an item of each."""
        return self.nests if len(self.nests) > 1 else ()


_PRODUCT = ("product_code", "composition", "capacity_ah", "energy_kwh", "voltage_v", "mass_kg")

_CELLS = Nest("cells", ("cell_code",), aliases=("cellList",))

_SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "module_produced": Shape(
            nests=(_CELLS,),
            bonds=(("cell_code", ("module_code",)),),
        ),
        "pack_produced": Shape(
            nests=(Nest("modules", ("module_code",), (_CELLS,), aliases=("moduleList",)),),
            bonds=(("module_code", ("pack_code",)), ("cell_code", ("module_code", "pack_code"))),
        ),
        "vehicle_produced": Shape(bonds=(("pack_code", ("vin",)),)),
        "vehicle_scrapped": Shape(bonds=(("pack_code", ("vin",)),)),
        "after_sales_stocked": Shape(
            nests=(Nest("children", ("child_code",), aliases=("childCodeList",)),),
            bonds=(("child_code", ("code",)),),
        ),
        "product_made": Shape(
            nests=(Nest("products", _PRODUCT), Nest("sources", ("source_code", "source_company", "source_count"))),
            bonds=(("product_code", ("making_no",)),),
        ),
        "dismantled": Shape(
            nests=(Nest("children", ("child_code", "mass_kg")),),
            bonds=(("child_code", ("code",)),),
        ),
        "treated": Shape(
            nests=(
                Nest("materials", ("material_batch", "material", "mass_kg")),
                Nest("sources", ("source_code", "uncoded_mass_kg")),
            ),
        ),
    }
)


@cache
def _shape(name: str) -> Shape:
    return _SHAPES.get(name, Shape())


def shape_of(kind: Kind) -> Shape:
    """The shape of `kind`."""
    return _shape(kind.name)
