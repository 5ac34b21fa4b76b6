"""A host app, its network extension, and an inspector that knows neither's name."""
