"""What others use of Kafka: a producer, a reader of whole topics, and the values that go with them."""

from __future__ import annotations

from playground.systems.kafka.producer import Producer, Sent
from playground.systems.kafka.reader import Reader
from playground.systems.kafka.records import Record, TopicPartition
from playground.systems.kafka.settings import INTERNAL, KafkaSettings, ProducerSettings

__all__ = ["INTERNAL", "KafkaSettings", "Producer", "ProducerSettings", "Reader", "Record", "Sent", "TopicPartition"]
