"""The simulated centre and fleet that `demo` and `simulate` run, and the time they run in."""
