"""Events of the older revisions' streams, kept in memory so that a stream can be resumed."""

from collections import deque

from mcp.server.streamable_http import EventMessage, EventStore

# Far more than one run of the suite makes.
KEPT = 10_000


class MemoryEvents(EventStore):
    def __init__(self):
        self._events = deque(maxlen=KEPT)
        self._next = 0

    async def store_event(self, stream_id, message):
        self._next += 1
        self._events.append((self._next, stream_id, message))
        return str(self._next)

    async def replay_events_after(self, last_event_id, send_callback):
        known = {str(number): stream for number, stream, _ in self._events}
        stream_id = known.get(last_event_id)
        if stream_id is None:
            return None
        for number, stream, message in list(self._events):
            # A priming event has no message: it only gave the stream an id.
            if stream == stream_id and number > int(last_event_id) and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream_id
