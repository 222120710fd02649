"""The in-memory twin of every channel: keeps what it was sent, and fails when told to."""

from collections import deque
from collections.abc import Iterable

from agent.notify.base import Message, Receipt, TransportError


class MemoryNotifier:
    """Appends to `messages`; the `failures` it was given are raised first, in their order."""

    def __init__(self, name: str = "memory", failures: Iterable[TransportError] = ()) -> None:
        self.name = name
        self.messages: list[Message] = []
        self.failures = deque(failures)

    def escape(self, text: str) -> str:
        """Nothing is special here."""
        return text

    def send(self, message: Message) -> Receipt:
        """Keep the message, or fail as told; the receipt of a thread's first message is its number."""
        if self.failures:
            raise self.failures.popleft()
        self.messages.append(message)
        return {"number": str(len(self.messages))} if message.begins else {}

    def send_report(self, message: Message) -> None:
        """Keep a report as any message."""
        self.send(message)
