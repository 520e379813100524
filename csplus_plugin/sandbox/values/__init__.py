"""What an expression can evaluate to, besides images."""
