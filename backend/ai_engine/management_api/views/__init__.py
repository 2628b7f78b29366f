"""What the management API shows: the models of its answers, and how they are built."""
