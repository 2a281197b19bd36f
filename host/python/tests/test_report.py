"""Settings, runs and verdicts, as the component sees them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from dogwrap import Exited, InvalidRun, InvalidSettings, Outcome, Reporter, RulesFailed, Signaled, TimedOut, outcome_of
from dogwrap._component import call


def judged(output: str | bytes) -> str:
    reporter = Reporter(api_key="key")
    event = reporter.judge(job="job", outcome=Exited(1), duration=0, ended_at=0, stdout=output).event
    assert event is not None
    return event.text


@pytest.mark.parametrize(
    "settings",
    [
        {"site": "nowhere"},
        {"site": "http://"},
        {"api_key": "two words"},
        {"api_key": "line\n"},
        {"submit_mode": "some"},
        {"priority": "high"},
        {"delivery_timeout": -1},
        {"delivery_timeout": math.nan},
    ],
)
def test_settings_that_make_no_sense_are_refused_at_once(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettings) as refused:
        Reporter(**settings)
    assert "\n" not in str(refused.value) and "two words" not in str(refused.value)


def test_the_environment_gives_key_and_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DD_SITE", "eu")
    monkeypatch.setenv("DATADOG_API_KEY", "with a blank")
    with pytest.raises(InvalidSettings, match="the API key cannot be sent"):
        Reporter()
    monkeypatch.setenv("DD_API_KEY", "key")
    assert repr(Reporter()) == "Reporter(api='https://api.datadoghq.eu', submit_mode='errors')"
    assert "us5" in repr(Reporter(site="us5"))


@pytest.mark.parametrize(
    "run",
    [
        {"job": None},
        {"command": ""},
        {"duration": -1.0},
        {"duration": math.nan},
        {"ended_at": -1.0},
        {"ended_at": math.inf},
    ],
)
def test_a_run_that_cannot_be_is_refused(run: dict[str, Any]) -> None:
    with pytest.raises(InvalidRun):
        Reporter(api_key="key").judge(**{"job": "job", "outcome": Exited(1), "duration": 1.0, **run})


@pytest.mark.parametrize("make", [lambda: Exited(256), lambda: Exited(-1), lambda: Signaled(0), lambda: Signaled(256)])
def test_a_status_that_no_run_has_is_refused(make: Any) -> None:
    with pytest.raises(InvalidRun):
        make()


@pytest.mark.parametrize(
    ("outcome", "alert_type", "status"),
    [
        (Exited(0), "success", 0),
        (Exited(3), "warning", 3),
        (Exited(4), "error", 4),
        (Signaled(9), "warning", 137),
        (TimedOut(), "error", 124),
    ],
)
def test_verdicts(outcome: Outcome, alert_type: str, status: int) -> None:
    reporter = Reporter(api_key="key", submit_mode="all", warning_codes=[3, -9])
    report = reporter.judge(job="job", outcome=outcome, duration=1.5)
    assert (report.alert_type, report.exit_status) == (alert_type, status)


def test_the_returncode_of_a_process_is_an_outcome() -> None:
    assert [outcome_of(code) for code in (0, 3, -9)] == [Exited(0), Exited(3), Signaled(9)]
    assert Exited(9) != Signaled(9)


def test_bytes_that_are_not_utf_8_are_replaced() -> None:
    text = judged(b"caf\xe9 \xf0\x9f\x90\xb6 \x00\xff\xfe end")
    assert "caf\ufffd \U0001f436 \x00\ufffd\ufffd end" in text
    assert "a\ufffdb" in judged("a\udce9b")


@pytest.mark.parametrize("character", ["x", "é", "\U0001f436"])
def test_of_long_output_the_ends_are_enough(character: str) -> None:
    long = "begin" + character * 50_000 + "end"
    cut = judged(long)
    assert cut == judged(long.encode()) and "begin" in cut and "end" in cut
    assert len(cut) <= 4000
    # A whole piece longer than what is passed on makes no difference.
    assert cut == judged("begin" + character * 2995 + character * 2997 + "end")


def test_rules_that_have_failed_begin_anew() -> None:
    reporter = Reporter(api_key="key")
    run: dict[str, Any] = {"job": "job", "outcome": Exited(1), "duration": 2.0, "ended_at": 1000.0}
    expected = reporter.judge(**run)
    with pytest.raises(RulesFailed, match=r"the rules have failed in delivery\.reclaim"):
        # More than they may take of the memory.
        call("delivery", "reclaim", "x" * 100_000_000, False, 0.0)
    assert reporter.judge(**run) == expected


def test_judging_is_pure_and_the_same_each_time() -> None:
    reporter = Reporter(api_key="key", send_metric=True, host="h")
    run: dict[str, Any] = {"job": "job", "outcome": Exited(1), "duration": 2.0, "ended_at": 1000.0, "stderr": "e"}
    assert reporter.judge(**run) == reporter.judge(**run)
