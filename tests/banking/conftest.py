"""The books are kept at the end of September."""

from datetime import UTC, datetime

import pytest

from tests.make.ground import make_caller
from trustprop.kernel.caller import Caller

MONTH_END = datetime(2025, 9, 30, 10, 0, tzinfo=UTC)


@pytest.fixture
def caller() -> Caller:
    return make_caller(at=MONTH_END)
