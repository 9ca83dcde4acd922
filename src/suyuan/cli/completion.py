"""`suyuan completion`: the script that lets a shell complete our commands."""

import click
from click.shell_completion import get_completion_class

from suyuan.cli.commands import COMPLETE, argument, command
from suyuan.cli.usage import choice

SHELLS = ("bash", "zsh", "fish")


@command("completion", "cli.help_completion")
@argument("shell", type=choice(SHELLS), text="cli.arg_shell")
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    kind = get_completion_class(shell)
    if kind is not None:
        click.echo(kind(context.find_root().command, {}, "suyuan", COMPLETE).source())
