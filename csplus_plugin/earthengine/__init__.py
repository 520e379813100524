"""How it is computed: the only door to the network."""
