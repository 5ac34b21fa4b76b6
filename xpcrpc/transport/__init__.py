"""Moves frames between processes, and hands over endpoints."""
