"""Restores of media: fetched beside what is live and hashed there, then entries of the folder are exchanged by renaming them."""
