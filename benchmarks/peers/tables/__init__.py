"""The gallery's tables as a Django application of a peer sees them, and the settings that peers on Django share."""
