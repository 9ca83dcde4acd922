import re
from pathlib import Path

from suyuan.cli.exits import Exit
from suyuan.cli.output import Format

PAGE = Path(__file__).resolve().parents[2] / "docs" / "command-line.md"


def test_the_page_tells_the_exit_codes_and_formats_of_the_program() -> None:
    text = PAGE.read_text(encoding="utf-8")
    codes = {int(number) for number in re.findall(r"^\| `(\d+)` \|", text, re.M)}
    assert codes == {code.value for code in Exit}
    assert {form for form in Format if f"| `{form}` |" in text} == set(Format)
