"""The envelope and the rules of calls, as values: no asyncio, no clock, no C."""
