"""Scenes on disk."""
