"""Runnable examples; each folder shows one idea."""
