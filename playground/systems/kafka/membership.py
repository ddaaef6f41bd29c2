"""A consumer's membership in its group: join, sync, heartbeat, leave (Kafka's classic group protocol)."""
