"""The simulated world in which the national detector is proven: trials and years, by seed."""
