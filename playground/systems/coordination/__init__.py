"""What machines do with an ensemble: know of each other, follow a configuration, agree on a master."""
