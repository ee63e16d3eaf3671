"""Who is asking: users, sessions, access tokens."""
