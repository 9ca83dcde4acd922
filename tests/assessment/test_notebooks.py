"""The notebooks of the documentation run from beginning to end, and the room works without the server's framework."""

import json
import subprocess
import sys
import warnings
from pathlib import Path

import nbformat
import pytest

HERE = Path(__file__).resolve().parents[2] / "docs" / "notebooks"
NOTEBOOKS = sorted(path.name for path in HERE.glob("*.ipynb"))


def executed(name: str) -> nbformat.NotebookNode:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the kernel's machinery, not of ours
        from nbclient import NotebookClient

        book = nbformat.read(HERE / name, as_version=4)  # type: ignore[no-untyped-call]  # the library has no types
        client = NotebookClient(book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(HERE)}})
        done: nbformat.NotebookNode = client.execute()
    return done


def said(book: nbformat.NotebookNode) -> str:
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    return "\n".join(str(output.get("text") or output.get("data", {}).get("text/plain", "")) for output in outputs)


def plots(book: nbformat.NotebookNode) -> int:
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    return sum("image/png" in output.get("data", {}) for output in outputs)


def test_a_testers_file_to_residual_capacity() -> None:
    book = executed("residual_capacity.ipynb")
    assert "capacity 15.8083 ± 0.0001 Ah" in said(book)  # what the sheet states; see test_nebula
    assert plots(book) == 1


def test_a_lot_of_pulses_to_graded_cells() -> None:
    book = executed("pulses_to_grades.ipynb")
    assert "answered 12 of 12" in said(book)
    assert plots(book) == 2


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebooks_are_kept_without_output(name: str) -> None:
    cells = json.loads((HERE / name).read_text(encoding="utf-8"))["cells"]
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)


def test_the_room_works_without_the_framework() -> None:
    code = (
        "import sys\n"
        "for name in ('django', 'psycopg', 'ninja', 'procrastinate'): sys.modules[name] = None\n"
        "from suyuan import assessment\n"
        "record = assessment.read(b'Test Time / s,Voltage / V,Current / A\\n0,3.3,-1\\n3600,3.2,-1\\n')\n"
        "print(record.steps['discharged_ah'].to_list())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[1.0]"
