"""The core decides: pure functions and values, the standard library only.

Nothing in this package waits, reads a clock, logs, draws a random number or touches the world.
Time is an argument, in seconds; results are values. Everything that acts lives outside.
"""
