"""What is looked at before a deploy changes anything. Each check returns findings; none changes anything."""
