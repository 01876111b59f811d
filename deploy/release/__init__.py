"""What people download of one version: made from a commit, and the same each time."""
