"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# A busy machine is no failure: tests assert behaviour, not seconds.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
