"""What the desktop shows: plain Qt widgets, and no dialog of its own for an algorithm."""
