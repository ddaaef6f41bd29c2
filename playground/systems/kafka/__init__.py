"""Kafka: brokers with replicated logs, producers that append to them, groups of consumers that share them."""
