"""A key has the same partition here and in Kafka."""

from importlib import import_module
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wareflow_events.partitioner import murmur2, partition_of

KAFKAS: Any = import_module("aiokafka.partitioner")


@given(st.binary(max_size=200))
def test_the_hash_is_that_of_kafka(data: bytes) -> None:
    assert murmur2(data) == KAFKAS.murmur2(data) & 0xFFFFFFFF


@given(st.binary(max_size=100), st.integers(min_value=1, max_value=100))
def test_the_partition_is_that_of_kafka(key: bytes, partitions: int) -> None:
    numbers = list(range(partitions))
    assert partition_of(key, partitions) == KAFKAS.DefaultPartitioner()(key, numbers, numbers)


def test_known_hashes_of_the_java_client_hold() -> None:
    # org.apache.kafka.common.utils.UtilsTest#testMurmur2
    known = {
        b"21": -973932308,
        b"foobar": -790332482,
        b"a-little-bit-long-string": -985981536,
        b"a-little-bit-longer-string": -1486304829,
        b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
        b"abc": 479470107,
    }
    assert {data: murmur2(data) for data in known} == {
        data: number & 0xFFFFFFFF for data, number in known.items()
    }
