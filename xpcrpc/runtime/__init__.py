"""Typed calls on asyncio, over any transport."""
