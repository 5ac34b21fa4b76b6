"""What the client says; the same over a name and over an end."""

from __future__ import annotations

from examples.timing import median_round_trip
from generated.echo.echo import EchoClient


async def converse(client: EchoClient) -> None:
    """Two notes, one question, some hundred more to take the time, and the end."""
    await client.note(text="first")
    await client.note(text="second")
    print("sent two notes; nothing comes back for those")

    reply = await client.echo(text="Hallo, Welt")
    print(f"asked for 'Hallo, Welt', heard {reply.text!r} after {reply.notes} notes")

    print(f"round trip: {await median_round_trip(lambda: client.echo(text='twelve chars'))}")

    await client.shutdown()
    print("told the service to stop")
