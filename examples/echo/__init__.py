"""The smallest useful service, in one process or in two."""
