"""The figures: how fast, how much memory, under which conditions. `make bench` runs all of it."""
