"""What the functions of images do."""
