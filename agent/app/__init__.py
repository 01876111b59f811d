"""The composition root: choose the parts, connect them, run them together, take them down.

``plan`` turns the nation's file into what the pipeline works with, ``agent`` puts one agent
together from its parts, ``real_parts`` and ``real_exchange`` make the parts that a branch's
configuration names, and ``branch`` runs one office's agent with them until it is asked to stop.
"""
