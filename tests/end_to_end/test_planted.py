"""Anomalies planted into sample logs are found by the commands that docs/investigations.md names for them."""

from __future__ import annotations

from anomalies import CASES, Trial, shown

from processes import binary


def test_what_is_planted_is_found_and_a_quiet_hour_is_told_for_quiet(tmp_path):
    tallies = {}
    Trial(binary("digesterd"), tmp_path, seed=1, hours=5, records=40_000).tally(tallies)
    unusual = tallies["unusual"]
    assert {case: unusual.found[case] for case in CASES} == dict.fromkeys(CASES, 1), shown(tallies)
    assert unusual.quiet_alarms <= 5, shown(tallies)
    assert tallies["host (the suspect's new peers)"].found["exfiltration"] == 1, shown(tallies)
