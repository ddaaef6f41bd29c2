"""Makes sure that who is believed to lead still does, as far as that can be known from outside.

A leader that was frozen or cut off may have been replaced without knowing it, and a client with an old image believes
in it as well. Mostly that does no harm: what it has committed stays committed. But that something is *not* in its log
says nothing then. (Kafka knows from the leader epochs that it keeps with committed offsets, KIP-320.)
"""

from __future__ import annotations

from playground.kernel.service import Service
from playground.systems.kafka.messages import AskMetadata
from playground.systems.kafka.metadata import Metadata

TIMEOUT_US = 500_000


async def confirm(service: Service, metadata: Metadata) -> bool:
    """Ask all brokers that are known to be there. False: most of them did not answer, so nothing is certain.

    ``metadata`` has the newest of their images afterwards.
    """
    names = [broker.name for broker in metadata.image.brokers]
    calls = service.calls(names, AskMetadata(), timeout_us=TIMEOUT_US)
    try:
        most = await calls.first(len(names) // 2 + 1)
    finally:
        calls.abandon()
    for image in calls.replies.values():
        metadata.learn(image)
    return most
