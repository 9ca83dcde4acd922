"""Keys to try the demo's API with."""

from rich.text import Text

from suyuan.cli.output import console
from suyuan.cli.speech import say
from suyuan.cli.tables import facts
from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.services import KeyOrder, issue_key
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries import companies


def show_keys(port: int) -> None:
    """Issue a key of the nation and one of a battery maker, and show how they are used."""
    nation = Scope.of_nation()
    firms = companies(nation)
    maker = next(row for row in firms.iter_rows(named=True) if "battery_maker" in row["roles"])
    reading = issue_key(nation, KeyOrder("demo", nation, frozenset({Permission.READ})))
    rights = frozenset({Permission.READ, Permission.SUBMIT, Permission.FILE})
    reporting = issue_key(nation, KeyOrder("demo", Scope.of_company(maker["number"]), rights))
    rows: list[tuple[str, str | Text]] = [
        (say("cli.demo_key_nation"), reading.token.text),
        (say("cli.demo_key_company", company=maker["code"]), reporting.token.text),
    ]
    screen = console()
    screen.print()
    screen.print(facts(rows))
    example = f'curl -H "Authorization: Bearer {reading.token.text}" http://127.0.0.1:{port}/api/v1/submissions'
    screen.print(Text(example, style="dim"), soft_wrap=True)
