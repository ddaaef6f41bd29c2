"""Fixtures of the tests in this folder."""

from __future__ import annotations

import pytest

from playground.systems.feed import delivery, publishing
from tests.systems.feed import fake_kafka as fakes


@pytest.fixture
def fake_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish to `tests.systems.feed.fake_kafka`."""
    monkeypatch.setattr(delivery, "Producer", fakes.Producer)
    monkeypatch.setattr(publishing, "Reader", fakes.Reader)
