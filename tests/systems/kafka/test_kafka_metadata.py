"""What a client knows of the cluster, and how it asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playground.kernel.network import DROP, PASS, Parcel, Verdict
from playground.kernel.node import Node, Process
from playground.kernel.service import Service, handles
from playground.kernel.world import World, run
from playground.systems.kafka.image import NO_IMAGE, Image, Member, PartitionState
from playground.systems.kafka.messages import AskMetadata
from playground.systems.kafka.metadata import BACKOFF_US, TIMEOUT_US, Metadata
from playground.systems.kafka.records import TopicPartition

FIRST = TopicPartition("changes", 0)
NAMES = ("br1", "br2", "br3")


def image(version: int, leader: str = "br1") -> Image:
    state = PartitionState(NAMES, leader, 1, version, (Member("br1", 1),), (), version)
    return Image("br1", 1, version, (), {"changes": (state,)})


class Broker(Service):
    """Tells its image, whatever that is."""

    def __init__(self, process: Process) -> None:
        super().__init__(process)
        self.image: Image = NO_IMAGE
        self.asked = 0

    @handles(AskMetadata)
    def on_ask(self, _source: str, _message: AskMetadata) -> Image:
        self.asked += 1
        return self.image


class Asker(Service):
    """Has a view."""

    def __init__(self, process: Process) -> None:
        super().__init__(process)
        self.metadata = Metadata(self, NAMES)


class To:
    """Nothing reaches these."""

    cuts = False

    def __init__(self, *targets: str) -> None:
        self.targets = targets

    def judge(self, parcel: Parcel) -> Verdict:
        return DROP if parcel.target in self.targets else PASS


class Lab:
    """Three brokers and one who asks."""

    def __init__(self) -> None:
        self.world = World(1)
        for name in NAMES:
            Node(self.world, name, (Broker,)).start()
        Node(self.world, "c1", (Asker,)).start()

    async def run(self, seconds: float) -> None:
        await self.world.advance(self.world.now_us + int(seconds * 1_000_000))

    def find(self, name: str) -> Service:
        process = self.world.nodes[name].process
        assert process is not None
        return process.services[0]

    def broker(self, name: str) -> Broker:
        found = self.find(name)
        assert isinstance(found, Broker)
        return found

    def show(self, known: Image, *names: str) -> None:
        """Let these (all) brokers tell it."""
        for name in names or NAMES:
            self.broker(name).image = known

    @property
    def metadata(self) -> Metadata:
        found = self.find("c1")
        assert isinstance(found, Asker)
        return found.metadata

    def begin(self, act: Callable[[], Awaitable[object]]) -> list[object]:
        """What it gives, once it does."""
        results: list[object] = []

        async def wait() -> None:
            results.append(await act())

        self.find("c1").spawn(wait)
        return results


def play(main: Callable[[Lab], Awaitable[None]]) -> None:
    async def whole() -> None:
        lab = Lab()
        await lab.run(0.4)
        await main(lab)

    run(whole)


def test_nothing_is_known_before_a_broker_has_answered() -> None:
    async def main(lab: Lab) -> None:
        metadata = lab.metadata
        assert metadata.leader(FIRST) is None
        assert metadata.partitions("changes") == 0
        lab.show(image(3, "br2"))
        results = lab.begin(metadata.refresh)
        await lab.run(0.1)
        assert results == [True]
        assert metadata.leader(FIRST) == ("br2", 3)
        assert metadata.partitions("changes") == 1
        assert metadata.leader(TopicPartition("changes", 1)) is None

    play(main)


def test_a_partition_that_nobody_leads_has_no_leader() -> None:
    async def main(lab: Lab) -> None:
        lab.metadata.learn(image(1, ""))
        assert lab.metadata.leader(FIRST) is None

    play(main)


def test_the_newest_image_is_kept_whatever_the_others_say() -> None:
    async def main(lab: Lab) -> None:
        lab.show(image(2))
        lab.show(image(5, "br3"), "br3")
        news = []
        lab.metadata.on_news(lambda: news.append(lab.metadata.image.version))
        for _ in range(6):
            lab.metadata.ask()
            await lab.run(0.2)
        assert lab.metadata.leader(FIRST) == ("br3", 5)
        assert news in ([5], [2, 5])

    play(main)


def test_brokers_are_asked_in_turn() -> None:
    async def main(lab: Lab) -> None:
        for _ in range(6):
            lab.metadata.ask()
            await lab.run(0.2)
        assert [lab.broker(name).asked for name in NAMES] == [2, 2, 2]

    play(main)


def test_who_does_not_answer_is_passed_over() -> None:
    async def main(lab: Lab) -> None:
        lab.show(image(1))
        lab.world.network.add(To("br1", "br2"))
        results = lab.begin(lab.metadata.refresh)
        await lab.run(2 * TIMEOUT_US / 1e6 + 0.1)
        assert results == [True]
        assert lab.metadata.partitions("changes") == 1

    play(main)


def test_a_refresh_in_vain_says_so_and_waiting_goes_on() -> None:
    async def main(lab: Lab) -> None:
        lab.world.network.add(rule := To("c1"))
        refreshed, known = lab.begin(lab.metadata.refresh), lab.begin(lab.metadata.wait)
        await lab.run(3 * TIMEOUT_US / 1e6 + 0.1)
        assert refreshed == [False]
        assert lab.metadata.heard_us is None
        lab.show(image(1))
        lab.world.network.remove(rule)
        await lab.run(2)
        assert known == [None]

    play(main)


def test_one_question_is_under_way_whoever_waits_and_there_is_a_pause_before_the_next() -> None:
    async def main(lab: Lab) -> None:
        results = [lab.begin(lab.metadata.refresh) for _ in range(5)]
        await lab.run(0.01)
        assert results == [[True]] * 5
        assert sum(lab.broker(name).asked for name in NAMES) == 1
        again = lab.begin(lab.metadata.refresh)
        await lab.run(BACKOFF_US / 1e6 / 2)
        assert again == []
        await lab.run(BACKOFF_US / 1e6)
        assert again == [True]

    play(main)
