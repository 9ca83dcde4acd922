"""`suyuan demo`: a simulated province through the real program, from an empty folder to a traced battery."""

import os
from pathlib import Path

from suyuan.cli.commands import command, option
from suyuan.cli.exits import Exit
from suyuan.cli.usage import folder, number

DEFAULT_VEHICLES = 2_000


@command("demo", "cli.help_demo")
@option("--vehicles", type=number(1, 100_000), default=DEFAULT_VEHICLES, show_default=True, text="cli.opt_vehicles")
@option("--seed", type=number(0), default=1, show_default=True, text="cli.opt_seed")
@option("--no-serve", is_flag=True, text="cli.opt_no_serve")
@option("--keep", is_flag=True, text="cli.opt_keep")
@option("--port", type=number(1, 65_535), default=8000, show_default=True, text="cli.opt_port")
@option("--home", type=folder(), metavar="DIR", text="cli.opt_home")
def demo(vehicles: int, seed: int, no_serve: bool, keep: bool, port: int, home: Path | None) -> int:
    """Simulate a province-year, report it, trace one battery, serve."""
    from suyuan.cli.demo.house import Play, move_in, remember
    from suyuan.cli.operation import HERE, check_port, serve_until_stopped

    if not no_serve:
        check_port(HERE, port)
    os.environ.setdefault("SUYUAN_PUBLIC_URL", f"http://{HERE}:{port}")  # for the labels printed here
    kept = move_in(home, keep=keep)
    from suyuan.cli.demo.play import play  # its rooms can be loaded now

    chosen = kept or Play(vehicles, seed)
    play(chosen.vehicles, chosen.seed, furnished=kept is not None)
    remember(chosen)
    from suyuan.cli.demo.people import furnish_people, show_pages

    furnish_people()
    if no_serve:
        return Exit.OK
    from suyuan.cli.demo.keys import show_keys

    show_keys(port)
    show_pages(port)
    return serve_until_stopped(HERE, port, 2, with_worker=True)
