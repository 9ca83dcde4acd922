"""`suyuan person`: the first people of an installation, invited by its operator; all others come by the pages."""

from typing import TYPE_CHECKING

from suyuan.cli.accounts import scope_named
from suyuan.cli.commands import command, group, option
from suyuan.cli.output import Output, note, output_options
from suyuan.cli.speech import say
from suyuan.cli.usage import Misuse, choice

if TYPE_CHECKING:
    from rich.console import RenderableType

person = group("person", "accounts.help_person")

ROLES = ("admin", "official", "data_officer", "clerk", "viewer")


@command("invite", "accounts.help_person_invite", person)
@option("--login", required=True, metavar="TEXT", text="accounts.opt_login")
@option("--name", required=True, metavar="TEXT", text="accounts.opt_name")
@option("--role", type=choice(ROLES), default="admin", show_default=True, text="accounts.opt_role")
@option("--company", metavar="CODE", text="cli.opt_key_company")
@option("--province", metavar="CODE", text="cli.opt_key_province")
@option("--nation", is_flag=True, text="cli.opt_key_nation")
@output_options()
def invite_person(  # noqa: PLR0913 - one parameter an option
    *, login: str, name: str, role: str, company: str | None, province: str | None, nation: bool, out: Output
) -> None:
    """Invite somebody and show the end of the address this once."""
    if sum([company is not None, province is not None, nation]) != 1:
        raise Misuse("cli.key_one_scope")
    from suyuan.cli.ring import enter

    enter()
    from suyuan.server.accounts.models import Role
    from suyuan.server.accounts.services.people import Invitation, invite

    sent = invite(None, Invitation(login, name, Role(role), scope_named(company, province)))
    path = f"/account/invitations/{sent.token}"
    until = sent.expires_at.isoformat("T", "seconds")
    out.thing({"path": path, "expires_at": until}, lambda: _line(path))
    note(say("accounts.invitation_once", until=until))


def _line(text: str) -> "RenderableType":
    from rich.text import Text

    return Text(text)
