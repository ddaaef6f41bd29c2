"""What the screen shows of the nodes that use an ensemble (to be filled in)."""
