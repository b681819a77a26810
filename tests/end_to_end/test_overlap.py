"""Two flow logs that report on one interface: told, and by `DIGEST_OVERLAP` of the worker counted once."""

from __future__ import annotations

import pytest

import flow_logs
import oracle
from flow_logs import Window, row
from stack import text_of

OLD, NEW = "fl-0000000000000001", "fl-0000000000000002"


def lay_out(stack, window: Window) -> dict[str, str]:
    """The default format's flow log and one of more fields: eni-1 is in both, each of the others in one."""
    wide = f"{flow_logs.COLUMNS} vpc-id tcp-flags"
    keys = {}
    for flow_log, header, enis, more in ((OLD, flow_logs.COLUMNS, "12", ""), (NEW, wide, "13", " vpc-1 2")):
        rows = [row(window.first + n, eni=f"eni-{eni}", srcport=2000 + n) + more for n in range(20) for eni in enis]
        keys[flow_log] = flow_logs.key(window.start, flow_log=flow_log)
        stack.logs.put(keys[flow_log], flow_logs.pack(rows, header))
    return keys


def build(stack, window: Window, **changes: str) -> tuple[str, dict]:
    """The digest's text and manifest, by a worker with these variables."""
    worker, url = stack.start("digesterd-worker", **changes)
    usual, stack.worker_url = stack.worker_url, url
    try:
        assert stack.hand_over(window.job()).status == 200
    finally:
        stack.worker_url = usual
        worker.stop()
    return text_of(stack.get(window).body), stack.manifest(window.id())


@pytest.mark.parametrize("changes", [{}, {"DIGEST_OVERLAP": "report"}], ids=["unset", "report"])
def test_overlapping_flow_logs_are_told_and_both_count(stack, changes):
    window = Window.fresh()
    keys = lay_out(stack, window)
    text, manifest = build(stack, window, **changes)
    assert text == oracle.digest_of(window, stack.logs, list(keys.values()))
    assert manifest["records"]["counted"] == 80
    assert manifest["records"]["superseded"] == 0
    overlap = manifest["overlap"]
    assert (overlap["interfaces"], overlap["flow_logs"], overlap["newest_counts"]) == (1, 2, False)
    assert overlap["examples"] == [{"interface": "eni-1", "flow_logs": [OLD, NEW]}]


def test_with_prefer_newest_an_overlapping_flow_logs_records_count_once(stack):
    window = Window.fresh()
    keys = lay_out(stack, window)
    text, manifest = build(stack, window, DIGEST_OVERLAP="prefer-newest")
    # The older one's records of eni-1 alone are left out.
    alone = [line for line in oracle.digest_of(window, stack.logs, [keys[OLD]]).splitlines() if " eni-2 " in line]
    newest = oracle.digest_of(window, stack.logs, [keys[NEW]]).splitlines()
    assert sorted(text.splitlines()) == sorted(alone + newest)
    assert (manifest["records"]["counted"], manifest["records"]["superseded"]) == (60, 20)
    assert manifest["overlap"]["newest_counts"] is True
    assert manifest["settings"]["DIGEST_OVERLAP"] == "prefer-newest"


def test_a_value_of_digest_overlap_that_nobody_knows_is_refused_by_name(stack):
    worker, _ = stack.start("digesterd-worker", ready="", DIGEST_OVERLAP="oldest")
    assert worker.wait(30) == 2
    assert "DIGEST_OVERLAP" in worker.output() and "oldest" in worker.output()
