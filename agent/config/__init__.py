"""What people write: the nation's file, the branch's file and the journeys, read and checked.

Pydantic lives here and nowhere else. Every mistake is found at once, and told with its file, its
line and how to mend it.
"""
