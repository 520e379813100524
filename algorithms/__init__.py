"""What a user runs: thin Processing algorithms, one a file."""
