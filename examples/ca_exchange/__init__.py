"""A certificate authority whose key never leaves its process."""
