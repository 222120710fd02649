"""`python -m agent` is the command `babelwatch`."""

from agent.cli import main

main()
