"""A large workbook through the page of bulk reporting: sent, checked, reported; beside openpyxl reading the same file.

    python -m benchmarks.bench_import 200000     with that many rows of 20 columns (the usual number)

Page and worker run in one process here, so that one peak holds for both; openpyxl reads in a process of its own.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.bench_files import production, workbook
from benchmarks.figures import figure, peak_mib, timed
from benchmarks.scratch import register_maker, scratch_server

ROWS = 200_000
COLUMNS = 20


def through_the_page(path: Path) -> None:
    """Report the file as a data officer does; prints seconds till the answer, for all of it, and the peak (MiB)."""
    with scratch_server():
        from django.test import Client

        from suyuan.server.accounts.models import Role
        from suyuan.server.accounts.services.people import Invitation, accept, invite
        from suyuan.server.kit.scope import Scope

        maker, _ = register_maker()
        sent = invite(None, Invitation("officer@example.com", "officer", Role.DATA_OFFICER, Scope.of_company(maker)))
        client = Client(headers={"host": "localhost", "accept": "text/html", "accept-language": "zh"})
        client.force_login(accept(sent.token, "a wall of seven lanterns", "zh_Hans"))
        client.get("/w/import")  # loads the pages
        seconds: dict[str, float] = {}
        seconds["all"], _ = timed(lambda: _report(client, path, seconds))
        listed, _ = timed(lambda: client.get("/w/import"))
        print(seconds["answer"], seconds["all"], peak_mib(), listed * 1000)


def _send(client, path: Path) -> str:  # type: ignore[no-untyped-def]  # Django is imported late
    """The address of the trial; the answer itself would keep the whole upload in memory."""
    with path.open("rb") as file:
        return str(client.post("/w/import/send", {"file": file})["Location"])


def _report(client, path: Path, seconds: dict[str, float]) -> None:  # type: ignore[no-untyped-def]  # as above
    from suyuan.server.submissions.services import work

    seconds["answer"], trial = timed(lambda: _send(client, path))
    work(int(trial.rpartition("/")[2]))
    done = client.post(f"{trial}/report", {"mode": "good_rows"})["Location"]
    submission = work(int(done.rpartition("/")[2]))
    if submission.state != "accepted" or client.get(done).status_code != 200:
        raise SystemExit(f"{path.name} was {submission.state}: {submission.groups[:2]}")


def with_openpyxl(path: Path) -> None:
    """Read every cell; prints seconds and the peak (MiB)."""
    import openpyxl

    def read() -> int:
        book = openpyxl.load_workbook(path, read_only=True)
        return sum(1 for _ in book.worksheets[0].iter_rows(values_only=True))

    seconds, _ = timed(read)
    print(seconds, peak_mib())


def child(way: str, path: Path) -> list[float]:
    """The figures that a process of its own printed last."""
    command = [sys.executable, "-m", "benchmarks.bench_import", way, "--file", str(path)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [float(word) for word in out.splitlines()[-1].split()]


def compare(rows: int) -> None:
    """Make the file and measure both."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "packs.xlsx"
        path.write_bytes(workbook(production(rows), COLUMNS))
        size = f"{rows:,} rows x {COLUMNS} columns, xlsx"
        note = f"{path.stat().st_size / 1e6:.0f} MB; checked, then reported; page and worker in one process"
        answer, whole, peak, listed = child("page", path)
        other, other_peak = child("openpyxl", path)
        figure(f"upload answered, {size}", answer, "s", at_most=3)
        figure(f"bulk reporting from upload to receipt, {size}", whole, "s", at_most=30, note=note)
        figure(f"peak memory of it, {size}", peak, "MiB", at_most=700, note=note)
        figure(f"the same beside openpyxl only reading it, {size}", whole / other, "ratio", at_most=1)
        figure(f"openpyxl reading it, {size}", other, "s", note=f"peak {other_peak:.0f} MiB")
        figure("page of bulk reporting, server time", listed, "ms", at_most=300)


def main() -> None:
    """Compare, or be one of the two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", default=str(ROWS), help="number of rows")
    parser.add_argument("--file", type=Path)
    chosen = parser.parse_args()
    if chosen.file is None:
        compare(int(chosen.what))
    elif chosen.what == "page":
        through_the_page(chosen.file)
    else:
        with_openpyxl(chosen.file)


if __name__ == "__main__":
    main()
