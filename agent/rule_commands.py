"""`babelwatch rules`: one function per command."""

import typer

commands = typer.Typer(help="Validate the rules, test them, try them on history.", no_args_is_help=True, rich_markup_mode=None)
