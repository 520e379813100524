"""Pixels to a file."""
