"""Whether this process is alive, and whether what it stands on is there."""
