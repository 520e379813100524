"""From a request's expression to a value."""
