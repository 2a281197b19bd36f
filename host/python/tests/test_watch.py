"""Code whose end is reported."""

from __future__ import annotations

import pytest
from conftest import KEY, PATIENCE, Api

from dogwrap import Reporter


@pytest.fixture
def reporter(api: Api) -> Reporter:
    return Reporter(api_key=KEY, site=api.url, submit_mode="all")


def test_an_exception_is_a_failure_and_goes_on_as_it_was(api: Api, reporter: Reporter) -> None:
    error = KeyError("customer")
    with pytest.raises(KeyError) as raised, reporter.watch("nightly", "load_customers"):
        raise error
    assert raised.value is error
    assert reporter.flush(PATIENCE) == 0
    [event] = api.events
    assert event["alert_type"] == "error" and event["aggregation_key"] == "nightly"
    assert "Traceback" in event["text"] and "KeyError: 'customer'" in event["text"] and "raise error" in event["text"]
    assert "load_customers" in event["text"]


def test_what_ends_as_it_should_is_a_success(api: Api, reporter: Reporter) -> None:
    @reporter.watch("nightly")
    def double(number: int) -> int:
        return 2 * number

    assert [double(1), double(2)] == [2, 4]
    assert reporter.flush(PATIENCE) == 0
    assert [event["alert_type"] for event in api.events] == ["success", "success"]


@pytest.mark.parametrize(("code", "alert_type"), [(None, "success"), (0, "success"), (3, "error"), ("words", "error")])
def test_the_status_of_an_exit_counts(api: Api, reporter: Reporter, code: int | str | None, alert_type: str) -> None:
    with pytest.raises(SystemExit), reporter.watch("nightly"):
        raise SystemExit(code)
    assert reporter.flush(PATIENCE) == 0
    assert [event["alert_type"] for event in api.events] == [alert_type]


def test_nothing_of_ours_fails_the_job(caplog: pytest.LogCaptureFixture) -> None:
    reporter = Reporter(api_key=KEY, site="us1", delivery_timeout=0)
    with reporter.watch(""):
        pass
    assert "'' cannot be reported: there is no command" in caplog.text
