"""The composition root: choose the parts, connect them, run them together, take them down.

``plan`` turns the nation's file into what the pipeline works with, ``agent`` puts one agent
together from its parts, ``branch`` makes the real parts from a branch's configuration.
"""
