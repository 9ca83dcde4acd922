"""A database of its own for a measurement: embedded, in a temporary folder, with one battery maker."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch_server() -> Iterator[Path]:
    """A migrated, empty installation; Django is set up in it, and it is removed at the end."""
    home = Path(tempfile.mkdtemp(prefix="suyuan-bench-", dir=os.environ.get("SUYUAN_BENCH_DIR")))
    home.chmod(0o711)
    os.environ["SUYUAN_HOME"] = str(home)
    os.environ["SUYUAN_SECRET_KEY"] = "only for measurements"  # noqa: S105  guards nothing
    os.environ["DJANGO_SETTINGS_MODULE"] = "suyuan.server.settings"
    os.environ.pop("DATABASE_URL", None)

    import django

    django.setup()
    from django.db import connections

    from suyuan.server.kit import postgres, schema

    try:
        with postgres.running(home):
            schema.migrate()
            yield home
            connections.close_all()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def register_maker() -> tuple[int, str]:
    """The maker whose packs `suyuan.simulation.production.pack_files` makes: its number and its code."""
    from suyuan.server.kit.scope import Scope
    from suyuan.server.registry import services
    from suyuan.server.registry.queries import company_number
    from suyuan.simulation.production import bulk_design
    from suyuan.simulation.register import registry_tables

    world, design = bulk_design()
    nation = Scope.of_nation()
    tables = registry_tables(world)
    services.register_companies(nation, tables["companies"]).or_raise()
    services.load_vendor_codes(nation, tables["vendor_codes"].write_csv()).or_raise()
    services.import_filings(nation, tables["filings"]).or_raise()
    code = world.companies[design.maker].uscc
    return company_number(nation, code), code
