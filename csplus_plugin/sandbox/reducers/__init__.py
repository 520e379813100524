"""Many values into one."""
