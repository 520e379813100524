"""One pixel of a result, and every look at it."""
