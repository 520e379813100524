"""What each Earth Engine function does: one module a family."""
