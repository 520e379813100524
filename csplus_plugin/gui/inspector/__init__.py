"""The point inspector: a map tool, and a dock with every look at the pixel that was clicked."""
