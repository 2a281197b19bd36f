"""What becomes of reports, whatever the API, the network and the disk do."""

from __future__ import annotations

import json
import logging
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import KEY, PATIENCE, Api, content_below, waiting

from dogwrap import Exited, Reporter


def reporter(url: str, **settings: Any) -> Reporter:
    return Reporter(**{"api_key": KEY, "site": url, **settings})


def fail(reporter: Reporter, job: str = "nightly") -> None:
    reporter.report(job=job, command="backup --all", outcome=Exited(3), duration=1.5, stderr="no space left")


def test_an_event_is_delivered_with_everything_it_needs(api: Api, state: Path) -> None:
    reporting = reporter(api.url, send_metric=True, tags="team:data, env:prod", notify_error="@oncall")
    fail(reporting)
    assert reporting.flush(PATIENCE) == 0
    assert [request.path for request in api.received] == ["/api/v1/series", "/api/v1/events"]
    assert api.received[1].headers["dd-api-key"] == KEY
    assert api.received[1].headers["content-type"] == "application/json"
    [event] = api.events
    assert event["title"].startswith("[machine] nightly failed")
    assert (event["alert_type"], event["host"], event["tags"]) == ("error", "machine", ["team:data", "env:prod"])
    assert "no space left" in event["text"] and "@oncall" in event["text"]
    assert waiting(state) == []


def test_a_success_is_not_reported_and_touches_nothing(api: Api, state: Path) -> None:
    reporting = reporter(api.url)
    report = reporting.report(job="nightly", outcome=Exited(0), duration=1.5)
    reporting.close()
    assert (report.alert_type, report.event, report.requests, report.exit_status) == (None, None, (), 0)
    assert api.received == [] and waiting(state) == []


def test_what_passes_is_tried_again(api: Api, state: Path) -> None:
    api.answers = [500]
    reporting = reporter(api.url)
    fail(reporting)
    assert reporting.flush(PATIENCE) == 0
    assert len(api.received) == 2 and waiting(state) == []


def test_a_key_that_is_refused_keeps_the_event(api: Api, state: Path, caplog: pytest.LogCaptureFixture) -> None:
    api.answers = [403, 403]
    api.words = json.dumps({"errors": [f"bad key {KEY}"]}).encode()
    reporting = reporter(api.url)
    fail(reporting)
    reporting.close()
    assert len(waiting(state)) == 1
    assert "the API does not accept the key: 403 Forbidden" in caplog.text
    assert KEY not in caplog.text
    assert reporting.flush(PATIENCE) == 1, "refused once more"
    assert reporting.flush(PATIENCE) == 0, "accepted, since somebody asked"


def test_an_event_that_is_refused_is_set_aside(api: Api, state: Path, caplog: pytest.LogCaptureFixture) -> None:
    api.answers = [400]
    api.words = b'{"errors":["bad tag"]}'
    reporting = reporter(api.url)
    fail(reporting)
    assert reporting.flush(PATIENCE) == 0
    assert waiting(state) == [] and len(list((state / "set_aside").iterdir())) == 1
    assert "it will never be accepted: 400 Bad Request: bad tag" in caplog.text


def test_what_is_refused_a_connection_is_delivered_by_a_later_reporter(unreachable: str, state: Path) -> None:
    reporting = reporter(unreachable)
    fail(reporting)
    reporting.close()
    [name] = waiting(state)
    kept = json.loads((state / "spool" / name).read_text())
    assert kept["reason"] == "connection refused" and kept["tried"] == 1


def test_an_api_that_never_answers_delays_nobody(api: Api, state: Path) -> None:
    api.hang()
    reporting = reporter(api.url, delivery_timeout=0.5)
    fail(reporting)
    # Kept before anything is sent: whether it is claimed already or not, it is there.
    assert len(waiting(state)) == 1
    api.wait_for(lambda: len(api.received) == 1)
    times = []
    for number in range(20):
        start = time.monotonic()
        fail(reporting, f"job {number}")
        times.append(time.monotonic() - start)
    assert sorted(times)[10] < 0.5 / 2, "each of them would have waited for the API"
    assert reporting.flush(PATIENCE) == 21
    api.release()
    # Another process.
    assert reporter(api.url).flush(PATIENCE) == 0
    assert {"nightly", *(f"job {number}" for number in range(20))} == {event["aggregation_key"] for event in api.events}


def test_a_run_with_nothing_to_report_has_delivered_what_waits(api: Api, state: Path) -> None:
    fail(reporter(api.url, delivery_timeout=0))
    assert len(waiting(state)) == 1 and api.received == []
    later = reporter(api.url)
    later.report(job="other", outcome=Exited(0), duration=0)
    api.wait_for(lambda: len(api.received) == 1)
    later.close()
    assert waiting(state) == []


def test_threads_report_side_by_side(api: Api, state: Path) -> None:
    reporting = reporter(api.url)

    def work(thread: int) -> None:
        for number in range(5):
            fail(reporting, f"job {thread}.{number}")

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reporting.flush(PATIENCE) == 0
    jobs = sorted(event["aggregation_key"] for event in api.events)
    assert jobs == sorted(f"job {thread}.{number}" for thread in range(8) for number in range(5))


def test_redirects_are_not_followed(api: Api, state: Path) -> None:
    api.answers = [307]
    api.headers = {"location": "/elsewhere"}
    reporting = reporter(api.url)
    fail(reporting)
    reporting.close()
    assert [request.path for request in api.received] == ["/api/v1/events"]
    assert len(waiting(state)) == 1


def test_without_a_key_an_event_is_kept_and_said(api: Api, state: Path, caplog: pytest.LogCaptureFixture) -> None:
    fail(reporter(api.url, api_key=None))
    assert len(waiting(state)) == 1 and api.received == []
    assert "no API key was given; kept, deliver it with 'DD_API_KEY=... dogwrap --flush" in caplog.text
    assert reporter(api.url).flush(PATIENCE) == 0
    assert len(api.events) == 1


def test_what_was_meant_for_another_key_or_site_is_left_alone(api: Api, state: Path) -> None:
    fail(reporter(api.url, api_key="another", delivery_timeout=0))
    fail(reporter("us5", delivery_timeout=0))
    assert reporter(api.url).flush(PATIENCE) == 0
    assert len(waiting(state)) == 2 and api.received == []


def test_the_key_is_nowhere_but_in_the_header(
    api: Api, state: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api.answers = [403, 400, 503]
    reporting = reporter(api.url, delivery_timeout=0.3)
    for _ in range(3):
        fail(reporting)
        reporting.close()
    assert len(content_below(state)) > 0
    for place in (content_below(state), content_below(cache), caplog.text.encode(), repr(reporting).encode()):
        assert KEY.encode() not in place
    assert all(request.headers["dd-api-key"] == KEY for request in api.received)


def test_files_and_directories_are_the_owners(unreachable: str, state: Path) -> None:
    reporting = reporter(unreachable)
    fail(reporting)
    reporting.close()
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (state, *state.rglob("*"))}
    assert modes.pop(state / "delivery.lock") == 0o600
    assert set(modes.values()) == {0o700, 0o600}
    assert all((mode == 0o700) == path.is_dir() for path, mode in modes.items())


@pytest.mark.parametrize("trouble", ["symlink", "writable", "file"])
def test_a_directory_that_is_not_ours_alone_is_not_used(
    api: Api, state: Path, tmp_path: Path, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    if trouble == "symlink":
        (tmp_path / "elsewhere").mkdir()
        state.symlink_to(tmp_path / "elsewhere")
    elif trouble == "writable":
        state.mkdir()
        state.chmod(0o777)
    else:
        state.write_text("")
    reporting = reporter(api.url)
    fail(reporting)
    api.wait_for(lambda: len(api.received) == 1)
    reporting.close()
    assert f"report not kept: the state directory '{state}'" in caplog.text
    assert not (tmp_path / "elsewhere" / "spool").exists() and not (state / "spool").exists()


def test_no_spool_keeps_nothing(api: Api, unreachable: str, state: Path, caplog: pytest.LogCaptureFixture) -> None:
    reporting = reporter(api.url, no_spool=True)
    fail(reporting)
    assert reporting.flush(PATIENCE) == 0
    assert len(api.events) == 1 and caplog.text == ""
    lost = reporter(unreachable, no_spool=True)
    fail(lost)
    lost.close()
    assert "connection refused; and not kept" in caplog.text
    assert not state.exists()


def test_a_session_sends_what_the_standard_library_would(api: Api, state: Path) -> None:
    sent = []

    class Answer:
        status_code = 202
        headers: dict[str, str] = {}  # noqa: RUF012 - nobody changes it
        content = b""

    class Session:
        def post(self, url: str, **options: Any) -> Answer:
            sent.append((url, options))
            return Answer()

    reporting = reporter(api.url, session=Session())
    fail(reporting)
    assert reporting.flush(PATIENCE) == 0
    [(url, options)] = sent
    assert url == f"{api.url}/api/v1/events" and options["allow_redirects"] is False
    assert options["headers"]["dd-api-key"] == KEY and json.loads(options["data"])["alert_type"] == "error"
    assert options["timeout"] <= 10 and api.received == []


def test_more_than_is_kept_falls_out_oldest_first(
    unreachable: str, state: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fail(reporter(unreachable, delivery_timeout=0))
    [kept] = (state / "spool").iterdir()
    content = kept.read_text()
    # Of the 1001 that there are then, this one is the oldest.
    oldest = f"{int(kept.name.split('-')[0]) - 5000:013}-0000000000000000-0.json"
    kept.rename(kept.with_name(oldest))
    for number in range(999):
        (state / "spool" / f"{int(time.time() * 1000):013}-{number + 1:016x}-0.json").write_text(content)
    reporting = reporter(unreachable)
    fail(reporting)
    reporting.close()
    assert f"lost for good, more than 1000 wait: {state}/spool/{oldest}" in caplog.text
    assert len(waiting(state)) == 1000 and oldest not in waiting(state)
