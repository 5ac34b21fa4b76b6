"""Typed objects to XPC values, and XPC values to frames."""
