"""The doors to the outside: one outside system per file, named technology_role."""
