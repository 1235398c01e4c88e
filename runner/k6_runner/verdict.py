"""From k6's exit code and log to a status and a result, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from k6_runner import result_codes
from k6_runner.confinement.resource_limits import CPU_EXCEEDED
from k6_runner.confinement.supervisor import TOO_MUCH_WRITTEN
from k6_runner.limits import MIB, RunLimits, setting
from k6_runner.log import Log
from k6_runner.outcome import Threshold

Stop = Literal["user", "time"]

PASSED = 0
THRESHOLDS_CROSSED = 99
MARKED_FAILED = 110
_KILLED = 137
_OUT_OF_MEMORY = ("out of memory", "cannot allocate memory")
_CODES = {
    100: result_codes.SETUP_ERROR,
    101: result_codes.SCRIPT_ERROR,
    104: result_codes.SCRIPT_ERROR,
    107: result_codes.SCRIPT_ERROR,
    108: result_codes.ABORTED,
    CPU_EXCEEDED: result_codes.TIMED_OUT,
    TOO_MUCH_WRITTEN: result_codes.TIMED_OUT,
}


_REACHED = (
    "A run reaches the demo target (__ENV.SANDBOX_URL) and the hosts of this machine whose port stands in its script; "
    f"{setting('allow_hosts')} opens more."
)


@dataclass(frozen=True)
class Verdict:
    """The judgement on a run; `message` is None when there is nothing to add to the result."""

    status: Literal["completed", "aborted"]
    result: Literal["passed", "failed", "error"]
    message: str | None = None
    code: int | None = None
    by_user: bool = False


@dataclass(frozen=True)
class Ending:
    """The end of k6: its exit code, who stopped it if anyone did, and what it left behind.

    `refused` are the targets that the run could not reach, in words.
    """

    exit_code: int
    stop: Stop | None
    log: Log
    thresholds: list[Threshold]
    refused: tuple[str, ...] = ()


STOPPED_BY_USER = Verdict(
    "aborted", "error", "The run was stopped by the user.", result_codes.ABORTED, by_user=True
)


def judge(ending: Ending, limits: RunLimits) -> Verdict:
    """The verdict on a run that has ended."""
    if ending.exit_code == PASSED:
        return Verdict("completed", "passed", _joined(_notes(ending)))
    if ending.exit_code == THRESHOLDS_CROSSED:
        return _thresholds_crossed(ending)
    if ending.exit_code == MARKED_FAILED:
        return Verdict("completed", "failed", _words(ending.log))
    if ending.stop == "user":
        return STOPPED_BY_USER
    if ending.stop == "time":
        return Verdict("aborted", "error", _out_of_time(limits), result_codes.TIMED_OUT)
    return Verdict("aborted", "error", _failure(ending, limits), _code(ending))


def _thresholds_crossed(ending: Ending) -> Verdict:
    crossed = [f"{t.metric} {t.expression}" for t in ending.thresholds if not t.passed]
    what = f"Thresholds crossed: {'; '.join(crossed)}." if crossed else _words(ending.log)
    message = _joined([what, *_notes(ending)])
    if ending.log.says("abortOnFail"):
        return Verdict("aborted", "failed", message, result_codes.ABORTED)
    return Verdict("completed", "failed", message)


def _notes(ending: Ending) -> Iterator[str]:
    """Add what an exit code does not tell."""
    log = ending.log
    if log.thrown:
        yield f"Iterations that threw: {log.thrown}, the first with: {log.first_thrown}"
    if log.refused:
        yield f"Requests refused: {log.refused}{_to(ending.refused)}. {_REACHED}"
    if log.says("file too large"):
        yield f"k6 could not write a file in full; {setting('output_bytes')} raises the limit."
    if log.errors and not log.says("thresholds on metrics"):
        yield f"k6 reported: {_words(log)}"


def _to(targets: tuple[str, ...]) -> str:
    return f", among them those to {'; '.join(targets)}" if targets else ""


def _failure(ending: Ending, limits: RunLimits) -> str:
    if ending.exit_code == CPU_EXCEEDED:
        return (
            f"k6 was ended because it used more than {limits.cpu_seconds} s of processor time. "
            f"Add a sleep to the iterations, or raise {setting('cpu_seconds')}."
        )
    if ending.exit_code == TOO_MUCH_WRITTEN:
        return (
            f"k6 was ended because it wrote more than {limits.directory_bytes // MIB} MiB of files. Write fewer of them, or "
            f"raise {setting('directory_bytes')}."
        )
    if any(words in _words(ending.log) for words in _OUT_OF_MEMORY):
        return f"k6 ran out of memory. Keep less data per VU, add a sleep to the iterations, or raise {setting('memory_bytes')}."
    if ending.exit_code == _KILLED:
        return "k6 was killed from outside, perhaps because the machine ran out of memory."
    return _words(ending.log) or f"k6 ended with exit code {ending.exit_code} and no message."


def _code(ending: Ending) -> int:
    in_setup = ending.log.says("at setup (")
    return result_codes.SETUP_ERROR if in_setup else _CODES.get(ending.exit_code, result_codes.OTHER)


def _out_of_time(limits: RunLimits) -> str:
    return (
        f"The run was stopped because it took longer than {limits.max_duration:g} s, the most a run may take "
        f"here, and {limits.grace:g} s more. Shorten the test, or raise {setting('max_duration')}."
    )


def _words(log: Log) -> str:
    return "; ".join(log.errors or log.complaints[:1])


def _joined(sentences: Iterator[str] | list[str]) -> str | None:
    return " ".join(sentences) or None
