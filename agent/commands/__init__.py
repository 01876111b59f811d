"""What a person can ask of the program on the command line: one command, one file.

A command has ``register(subparsers)``, which names it and its options, and ``run(arguments)``,
which returns the exit code: 0 ok, 1 failing or slow, 2 usage or configuration, 3 unknown.
"""
