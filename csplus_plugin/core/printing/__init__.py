"""Expressions as text: the steps that `core` built, as a person would write them in JavaScript or Python."""
