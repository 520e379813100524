"""What a recipe makes: one kind of target a file."""
