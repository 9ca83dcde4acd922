"""`suyuan ledger`: maintenance of the ledger on this machine."""

from time import perf_counter

from suyuan.cli.commands import command, group, option
from suyuan.cli.exits import Exit
from suyuan.cli.output import Output, output_options

ledger = group("ledger", "cli.help_ledger")


@command("rebuild", "cli.help_ledger_rebuild", ledger)
@option("--check", is_flag=True, text="cli.opt_rebuild_check")
@output_options()
def rebuild_folds(check: bool, out: Output) -> int:
    """Fold every record anew; with --check compare only."""
    from suyuan.cli.ring import enter

    enter()

    start = perf_counter()
    return Exit.OK
