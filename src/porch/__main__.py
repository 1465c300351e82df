"""`python -m porch` is the `porch` command."""

from porch.cli import main

main()
