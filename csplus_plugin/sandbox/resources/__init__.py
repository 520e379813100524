"""What a client can ask for: one REST resource a file."""
