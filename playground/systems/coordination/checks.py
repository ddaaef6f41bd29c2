"""What must hold of the nodes that use an ensemble (to be filled in)."""
