import json

import pytest

from k6_runner.limits import RunLimits
from k6_runner.log import Log
from k6_runner.outcome import Threshold
from k6_runner.verdict import Ending, Stop, Verdict, judge


def _judge(
    exit_code: int, *errors: str, stop: Stop | None = None, crashed: str = "", summary: bool = True
) -> Verdict:
    log = Log()
    for error in errors:
        log.feed(json.dumps({"level": "error", "msg": error}, separators=(",", ":")).encode() + b"\n")
    log.feed(crashed.encode())
    thresholds = [Threshold("vus", "value<1", passed=False)] if summary else []
    return judge(Ending(exit_code, stop, log, thresholds), RunLimits())


@pytest.mark.parametrize("stop", ["user", "time"])
def test_a_run_that_ended_by_itself_before_the_stop_reached_it_keeps_its_result(stop: Stop):
    assert _judge(0, stop=stop) == Verdict("completed", "passed")
    assert _judge(99, stop=stop) == Verdict("completed", "failed", "Thresholds crossed: vus value<1.")


@pytest.mark.parametrize("exit_code", [2, 105, 137])
def test_a_stop_explains_any_other_exit_code(exit_code: int):
    assert _judge(exit_code, "interrupted", stop="user").by_user


def test_a_k6_killed_from_outside_is_an_error_that_says_so():
    verdict = _judge(137)
    assert (verdict.status, verdict.result) == ("aborted", "error")
    assert "killed from outside" in (verdict.message or "")


def test_a_crash_of_k6_is_told_by_its_first_line():
    verdict = _judge(2, crashed="panic: oh no\ngoroutine 1 [running]:\n")
    assert (verdict.message, verdict.code) == ("panic: oh no", 0)


def test_an_end_without_a_word_is_told_by_its_exit_code():
    assert _judge(106).message == "k6 ended with exit code 106 and no message."


def test_complaints_of_a_k6_that_passed_are_passed_on():
    assert _judge(0, "cannot write the summary").message == "k6 reported: cannot write the summary"


def test_crossed_thresholds_without_a_summary_are_told_in_the_words_of_k6():
    said = "thresholds on metrics 'vus' have been crossed"
    assert _judge(99, said, summary=False) == Verdict("completed", "failed", said)
