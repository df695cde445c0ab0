"""The contract of the port itself: a durable log in order, groups, positions, rests."""

import asyncio
from contextlib import suppress

from wareflow_events.broker import Broker, PartitionMismatch, Record, TopicPartition
from wareflow_events.contract.support import (
    Log,
    Member,
    Stands,
    a_group,
    a_record,
    a_topic,
    eventually,
    first_chunks,
    keys_apart,
    numbers_by_key,
    place_of,
    records,
)
from wareflow_events.event import Kind, Topic


async def _send(log: Log, topic: Topic, sent: list[Record]) -> None:
    broker = log.connect()
    await broker.ensure_topics([topic])
    producer = await broker.producer()
    await producer.send(sent)
    await producer.close()
    await broker.close()


class BrokerContract:
    """Subclasses give a fixture `log`."""

    async def test_records_of_one_key_stay_in_order(self, log: Log) -> None:
        topic, broker, stands = a_topic(), log.connect(), Stands()
        await broker.ensure_topics([topic])
        producer = await broker.producer()
        for part in range(3):
            await producer.send(
                [a_record(topic, f"key-{k}", part * 20 + n) for n in range(20) for k in range(5)]
            )
        await producer.close()
        async with Member(broker, a_group(), topic, stands) as member:
            await eventually(lambda: len(member.heard) >= 300)
        assert numbers_by_key(member.heard) == {f"key-{k}": list(range(60)) for k in range(5)}
        await broker.close()

    async def test_records_are_durable_when_send_returns(self, log: Log) -> None:
        topic = a_topic()
        sent = records(topic, keys=7, each=9)
        await _send(log, topic, sent)
        reader = log.connect()
        await reader.ensure_topics([topic])
        ends = await reader.ends([topic])
        stored = [
            one for place in sorted(ends) for one in await reader.read(place, start=0, limit=1000)
        ]
        assert len(ends) == topic.partitions
        assert sum(ends.values()) == len(sent)
        assert sorted((s.record for s in stored), key=repr) == sorted(sent, key=repr)
        await reader.close()

    async def test_positions_count_up_from_zero_without_gaps(self, log: Log) -> None:
        topic, broker = a_topic(), log.connect()
        await _send(log, topic, [a_record(topic, "key", n) for n in range(25)])
        await broker.ensure_topics([topic])
        place = place_of(topic, "key")
        first = await broker.read(place, start=0, limit=10)
        second = await broker.read(place, start=10, limit=1000)
        assert [s.offset for s in [*first, *second]] == list(range(25))
        assert len(first) == 10
        assert not await broker.read(place, start=25, limit=10)
        await broker.close()

    async def test_writers_that_meet_lose_nothing_and_keep_their_order(self, log: Log) -> None:
        """As a zombie leader and its successor do; each of them starts with another key."""
        topic, brokers = a_topic(), [log.connect() for _ in range(4)]

        async def write(writer: int, broker: Broker) -> None:
            keys = [f"key-{(k + writer) % 4}" for k in range(4)]
            producer = await broker.producer()
            for n in range(12):
                await producer.send([a_record(topic, key, 100 * writer + n) for key in keys])
            await producer.close()

        for broker in brokers:
            await broker.ensure_topics([topic])
        _ = await asyncio.gather(*(write(*numbered) for numbered in enumerate(brokers)))
        for place in {place_of(topic, f"key-{k}") for k in range(4)}:
            stored = await brokers[0].read(place, start=0, limit=1000)
            assert [s.offset for s in stored] == list(range(len(stored)))
            for numbers in numbers_by_key(stored).values():
                assert sorted(numbers) == [100 * w + n for w in range(4) for n in range(12)]
                for writer in range(4):
                    mine = [n for n in numbers if n // 100 == writer]
                    assert mine == sorted(mine)
        for broker in brokers:
            await broker.close()

    async def test_a_key_is_in_the_partition_that_murmur2_gives(self, log: Log) -> None:
        topic, broker = a_topic(), log.connect()
        sent = records(topic, keys=40, each=1)
        await _send(log, topic, sent)
        await broker.ensure_topics([topic])
        for record in sent:
            place = place_of(topic, record.key.decode())
            stored = await broker.read(place, start=0, limit=1000)
            assert record in [s.record for s in stored]
        await broker.close()

    async def test_what_was_not_settled_comes_back(self, log: Log) -> None:
        topic, broker, group, stands = a_topic(), log.connect(), a_group(), Stands()
        await _send(log, topic, records(topic, keys=3, each=4))
        await broker.ensure_topics([topic])
        lost = await first_chunks(broker, group, topic, stands, wanted=12)
        again = await first_chunks(broker, group, topic, stands, wanted=12)
        assert {c.place: (c.start, c.end) for c in again} == {
            c.place: (c.start, c.end) for c in lost
        }
        await broker.close()

    async def test_a_member_goes_on_where_it_settled(self, log: Log) -> None:
        topic, broker = a_topic(), log.connect()
        await _send(log, topic, [a_record(topic, "key", n) for n in range(10)])
        await broker.ensure_topics([topic])
        place = place_of(topic, "key")
        subscription = await broker.subscribe(a_group(), [topic], starts=Stands().starts)
        numbers: list[int] = []
        for position in (4, 2, 10):
            chunks = await subscription.fetch(limit=100, wait=0.2)
            while not chunks:
                chunks = await subscription.fetch(limit=100, wait=0.2)
            numbers += [int(chunks[0].records[0].record.value)]
            await subscription.settle({place: position}, rest={})
        assert numbers == [0, 4, 2]
        await subscription.close()
        await broker.close()

    async def test_a_group_starts_from_the_beginning(self, log: Log) -> None:
        topic, broker = a_topic(), log.connect()
        await _send(log, topic, records(topic, keys=4, each=5))
        await broker.ensure_topics([topic])
        chunks = await first_chunks(broker, a_group(), topic, Stands(), wanted=20)
        assert {chunk.start for chunk in chunks} == {0}
        await broker.close()

    async def test_a_position_is_honoured(self, log: Log) -> None:
        topic, broker = a_topic(), log.connect()
        await _send(log, topic, [a_record(topic, "key", n) for n in range(10)])
        await broker.ensure_topics([topic])
        stands = Stands({place_of(topic, "key"): 7})
        [chunk] = await first_chunks(broker, a_group(), topic, stands, wanted=3)
        assert (chunk.start, chunk.end) == (7, 10)
        assert numbers_by_key(chunk.records) == {"key": [7, 8, 9]}
        await broker.close()

    async def test_a_position_that_was_set_back_is_honoured_by_who_joins_next(
        self, log: Log
    ) -> None:
        topic, broker, group, stands = a_topic(), log.connect(), a_group(), Stands()
        await _send(log, topic, [a_record(topic, "key", n) for n in range(5)])
        await broker.ensure_topics([topic])
        async with Member(broker, group, topic, stands) as member:
            await eventually(lambda: len(member.heard) == 5)
        stands.at.clear()
        async with Member(broker, group, topic, stands) as again:
            await eventually(lambda: len(again.heard) == 5)
        await broker.close()

    async def test_each_group_hears_everything(self, log: Log) -> None:
        topic, broker = a_topic(), log.connect()
        await broker.ensure_topics([topic])
        one = Member(broker, a_group(), topic, Stands())
        other = Member(broker, a_group(), topic, Stands())
        async with one, other:
            await _send(log, topic, records(topic, keys=6, each=10))
            await eventually(lambda: len(one.heard) == 60 and len(other.heard) == 60)
        await broker.close()

    async def test_members_of_a_group_share_the_work(self, log: Log) -> None:
        topic, group, stands = a_topic(), a_group(), Stands()
        brokers = [log.connect(), log.connect()]
        for broker in brokers:
            await broker.ensure_topics([topic])
        one, other = (Member(broker, group, topic, stands) for broker in brokers)
        async with one, other:
            for part in range(5):
                sent = [
                    a_record(topic, f"key-{k}", part * 20 + n) for n in range(20) for k in range(20)
                ]
                await _send(log, topic, sent)
            await eventually(lambda: len(one.heard) + len(other.heard) == 2000)
        wanted = {f"key-{k}": list(range(100)) for k in range(20)}
        by_offset = sorted([*one.heard, *other.heard], key=lambda s: (s.place, s.offset))
        assert numbers_by_key(by_offset) == wanted
        for member in (one, other):
            assert all(n == sorted(n) for n in numbers_by_key(member.heard).values())
        for broker in brokers:
            await broker.close()

    async def test_another_member_takes_over_from_one_that_leaves(self, log: Log) -> None:
        topic, group, stands, broker = a_topic(), a_group(), Stands(), log.connect()
        await broker.ensure_topics([topic])
        async with Member(broker, group, topic, stands) as stays:
            async with Member(broker, group, topic, stands) as leaves:
                await _send(log, topic, records(topic, keys=20, each=2))
                await eventually(lambda: len(stays.heard) + len(leaves.heard) == 40)
            await _send(log, topic, records(topic, keys=20, each=3))
            await eventually(lambda: len(stays.heard) + len(leaves.heard) == 100)
        await broker.close()

    async def test_a_resting_partition_is_quiet_while_others_go_on(self, log: Log) -> None:
        topic, broker = a_topic(), log.connect()
        tired, lively = keys_apart(topic)
        await _send(log, topic, [a_record(topic, tired, 0), a_record(topic, lively, 0)])
        await broker.ensure_topics([topic])
        subscription = await broker.subscribe(a_group(), [topic], starts=Stands().starts)
        loop = asyncio.get_running_loop()
        heard: list[str] = []
        wakes = 0.0
        while heard.count(tired) < 2:
            chunks = await subscription.fetch(limit=100, wait=0.1)
            positions = {chunk.place: chunk.end for chunk in chunks}
            keys = [s.record.key.decode() for chunk in chunks for s in chunk.records]
            assert tired not in keys or loop.time() >= wakes
            heard += keys
            rest: dict[TopicPartition, float] = {}
            if tired in keys and not wakes:
                wakes = loop.time() + 1.5
                rest[place_of(topic, tired)] = 1.5
                positions[place_of(topic, tired)] = 0
                await _send(log, topic, [a_record(topic, lively, 1)])
            if chunks:
                await subscription.settle(positions, rest=rest)
        assert heard[-1] == tired
        assert heard.count(lively) == 2
        await subscription.close()
        await broker.close()

    async def test_nothing_is_lost_when_the_broker_is_interrupted(self, log: Log) -> None:
        topic, broker, stands = a_topic(), log.connect(), Stands()
        await broker.ensure_topics([topic])
        async with Member(broker, a_group(), topic, stands) as member:
            for part in range(6):
                interruption = asyncio.create_task(log.interrupt()) if part == 2 else None
                batch = [
                    a_record(topic, f"key-{k}", part * 10 + n) for n in range(10) for k in range(8)
                ]
                await self._send_until_certain(log, batch, topic)
                if interruption:
                    await interruption
            await eventually(
                lambda: all(
                    set(numbers_by_key(member.heard).get(f"key-{k}", ())) == set(range(60))
                    for k in range(8)
                )
            )
        for numbers in numbers_by_key(member.heard).values():
            first_time = list(dict.fromkeys(numbers))
            assert first_time == sorted(first_time)
        await broker.close()

    async def _send_until_certain(self, log: Log, batch: list[Record], topic: Topic) -> None:
        while True:
            with suppress(Exception):
                await _send(log, topic, batch)
                return
            await asyncio.sleep(0.1)

    async def test_a_topic_with_another_partition_count_is_refused(self, log: Log) -> None:
        topic, broker = a_topic(), log.connect()
        await broker.ensure_topics([topic])
        await broker.ensure_topics([topic])
        try:
            await broker.ensure_topics([Topic(topic.name, topic.key, Kind.ACTIVITY)])
        except PartitionMismatch as error:
            assert topic.name in str(error)  # noqa: PT017  pytest is not needed to ship this
        else:
            raise AssertionError("24 partitions were accepted where there are 12")
        await broker.close()

    async def test_a_large_record_arrives_whole(self, log: Log) -> None:
        topic, broker = a_topic(), log.connect()
        large = Record(topic.name, b"key", (("ce_id", "ä".encode()),), b"x" * 900_000)
        await _send(log, topic, [large, a_record(topic, "key", 1), large])
        await broker.ensure_topics([topic])
        chunks = await first_chunks(broker, a_group(), topic, Stands(), wanted=1)
        assert chunks[0].records[0].record == large
        await broker.close()
