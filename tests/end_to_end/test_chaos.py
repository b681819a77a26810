"""Workers that are killed all the time, for seconds: scripts/long/chaos.py does so for minutes."""

from __future__ import annotations

import sys
from argparse import Namespace

import pytest

from processes import REPOSITORY

sys.path.append(str(REPOSITORY / "scripts" / "long"))

import chaos  # noqa: E402


@pytest.mark.parametrize("relay", [False, True], ids=["sqs", "sqsd"])
def test_workers_that_are_killed_all_the_time_lose_nothing(relay, tmp_path):
    assert chaos.run(Namespace(jobs=10, seconds=8, workers=2, relay=relay), tmp_path) == 0
