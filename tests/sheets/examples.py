"""Templates and files that the tests of the room share."""

import io
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import TypeAlias

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from suyuan.sheets import Column, Nest, Template

PACK = Template(
    kind="pack_produced",
    version="2026.1",
    zh="电池包生产",
    en="pack produced",
    columns=(
        Column(
            "pack_code", "电池包编码", "pack code", "battery_code", True, aliases=("code",), example="001PE0EXAMPLE"
        ),
        Column("produced_on", "生产日期", "production date", "date", True, example="2026-04-01"),
        Column("module_code", "模块编码", "module code", "battery_code", aliases=("moduleList.code",)),
        Column(
            "cell_code",
            "单体编码",
            "cell code",
            "battery_code",
            aliases=("moduleList.cellList.code",),
            example="001CE0X",
        ),
        Column("model", "电池包型号", "pack model", "text", aliases=("modelId",)),
        Column("capacity_ah", "额定容量(Ah)", "rated capacity (Ah)", "number", unit="Ah"),
        Column(
            "chemistry",
            "化学体系",
            "chemistry",
            "choice",
            choices=MappingProxyType({"lfp": ("磷酸铁锂", "LFP"), "ncm": ("三元", "NCM")}),
        ),
    ),
    record=("pack_code",),
    nesting=(
        Nest(
            "modules",
            ("module_code",),
            (Nest("cells", ("cell_code",), aliases=("cellList",)),),
            aliases=("moduleList",),
        ),
    ),
)

SALE = Template(
    kind="vehicle_sold",
    version="2026.1",
    zh="车辆销售",
    en="vehicle sold",
    columns=(
        Column("vin", "车辆识别代号", "VIN", "vin", True, example="LSVEXAMPLE0000001"),
        Column("sold_at", "销售时间", "time of sale", "datetime", True),
        Column("buyer", "购买方", "buyer", "text"),
    ),
    record=("vin",),
)

STOCKED = Template(
    "stocked", "2026.1", "入库", "stocked", (Column("code", "编码", "code", "battery_code", True),), ("code",)
)
LOST = Template("lost", "2026.1", "丢失", "lost", (Column("code", "编码", "code", "battery_code", True),), ("code",))

MAKING = Template(
    kind="product_made",
    version="2026.1",
    zh="综合利用产品生产",
    en="product made",
    columns=(
        Column("making_no", "生产批号", "making number", "text", True),
        Column("product_code", "产品编码", "product code", "battery_code", True),
        Column("source_code", "原编码", "code of a source", "battery_code"),
    ),
    record=("making_no",),
    nesting=(Nest("products", ("product_code",)), Nest("sources", ("source_code",))),
)

ALL = (PACK, SALE, STOCKED, LOST, MAKING)

Rows: TypeAlias = Sequence[Sequence[object]]

HEAD = ["电池包编码", "生产日期", "模块编码", "单体编码"]


def xlsx(rows: Rows, change: Callable[[Worksheet], None] | None = None) -> bytes:
    """A workbook with one worksheet as another program would write it."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in rows:
        sheet.append(list(row))
    if change:
        change(sheet)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def csv(text: str, encoding: str = "utf-8") -> bytes:
    """The bytes of a csv file."""
    return text.encode(encoding)
