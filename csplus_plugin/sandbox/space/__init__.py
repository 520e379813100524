"""The earth and its grids."""
