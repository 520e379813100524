"""Images that draw themselves when they are asked for pixels."""
