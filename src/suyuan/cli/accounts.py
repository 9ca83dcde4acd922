"""`suyuan key`: the keys that programs send along."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.output import Output, note, output_options
from suyuan.cli.speech import comma, say
from suyuan.cli.usage import CHINA, Day, Misuse, choice

if TYPE_CHECKING:
    from rich.console import RenderableType

    from suyuan.server.kit.scope import Scope

key = group("key", "cli.help_key")

PERMISSIONS = ("read", "submit", "file", "administer")


@command("create", "cli.help_key_create", key)
@option("--label", required=True, metavar="TEXT", text="cli.opt_label")
@option("--company", metavar="CODE", text="cli.opt_key_company")
@option("--province", metavar="CODE", text="cli.opt_key_province")
@option("--nation", is_flag=True, text="cli.opt_key_nation")
@option("--permit", "permits", multiple=True, type=choice(PERMISSIONS), text="cli.opt_permit")
@option("--expires", type=Day(), text="cli.opt_expires")
@output_options()
def create_key(  # noqa: PLR0913 - one parameter an option
    *,
    label: str,
    company: str | None,
    province: str | None,
    nation: bool,
    permits: tuple[str, ...],
    expires: date | None,
    out: Output,
) -> None:
    """Issue a key and show it this once."""
    if sum([company is not None, province is not None, nation]) != 1:
        raise Misuse("cli.key_one_scope")
    from suyuan.cli.ring import enter

    enter()
    from suyuan.server.accounts.models import Permission
    from suyuan.server.accounts.services import KeyOrder, issue_key
    from suyuan.server.kit.scope import Scope

    usual = ("read", "submit") if company else ("read",)
    rights = frozenset(Permission(name) for name in permits or usual)
    until = datetime.combine(expires, time(23, 59, 59), CHINA) if expires else None
    issued = issue_key(Scope.of_nation(), KeyOrder(label, scope_named(company, province), rights, until))
    answer = {"key": issued.token.text, "prefix": issued.token.prefix, "permissions": sorted(rights)}
    out.thing(answer, lambda: _line(issued.token.text))
    note(say("cli.key_once", prefix=issued.token.prefix))


def scope_named(company: str | None, province: str | None) -> "Scope":
    """The scope that the options name: a company, a province, or else the nation."""
    from suyuan.server.kit.scope import Scope
    from suyuan.server.registry.queries import company_number

    if company is not None:
        return Scope.of_company(company_number(Scope.of_nation(), company))
    return Scope.of_nation() if province is None else Scope.of_province(province)


def _line(text: str) -> "RenderableType":
    from rich.text import Text

    return Text(text)


@command("list", "cli.help_key_list", key)
@output_options()
def list_keys(out: Output) -> None:
    """List the keys, without their secrets."""
    from suyuan.cli.ring import enter

    enter()
    from suyuan.server.accounts.queries import keys
    from suyuan.server.kit.scope import Scope

    rows = [
        {
            "prefix": row.prefix,
            "label": row.label,
            "level": row.level,
            "company": row.company,
            "division": row.division,
            "permissions": list(row.permissions),
            "created_at": row.created_at,
            "expires_at": row.expires_at,
            "revoked_at": row.revoked_at,
        }
        for row in keys(Scope.of_nation())
    ]
    out.rows(rows, lambda: _keys(rows))


def _keys(rows: Sequence[Mapping[str, object]]) -> "RenderableType":
    from suyuan.cli.tables import grid

    names = ("prefix", "label", "level", "permissions", "created_at", "expires_at", "revoked_at")
    table = grid(*(say(f"cli.head_key_{name}") for name in names), keep=(0,))
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in names))
    return table


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list):
        return comma().join(map(str, value))
    return "" if value is None else str(value)


@command("revoke", "cli.help_key_revoke", key)
@argument("prefix", text="cli.arg_key")
def revoke(prefix: str) -> None:
    """Revoke a key for ever."""
    from suyuan.cli.ring import enter

    enter()
    from suyuan.server.accounts.services import revoke_key
    from suyuan.server.kit.scope import Scope

    revoke_key(Scope.of_nation(), prefix)
    note(say("cli.key_revoked", prefix=prefix))
