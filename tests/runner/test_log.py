import json

from k6_runner.log import Log


def _line(**entry: str) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


def test_messages_are_read_wherever_the_log_is_cut():
    log = Log()
    for byte in _line(level="error", msg="no luck", error="EOF"):
        log.feed(bytes([byte]))
    assert log.errors == ["no luck: EOF"]


def test_what_the_script_prints_is_not_taken_for_an_error_of_k6():
    log = Log()
    log.feed(_line(level="error", msg='{"level":"error"}', source="console"))
    log.feed(_line(level="info", msg='"level":"error"'))
    assert log.errors == []


def test_iterations_that_throw_are_counted_and_the_first_is_kept():
    log = Log()
    for number in range(1000):
        log.feed(_line(level="error", msg=f"Error: {number}", source="stacktrace"))
    assert (log.thrown, log.first_thrown, log.errors) == (1000, "Error: 0", [])


def test_only_the_first_few_errors_and_crash_lines_are_kept():
    log = Log()
    for number in range(1000):
        log.feed(_line(level="error", msg=str(number)) + b"goroutine %d\n" % number)
    assert log.errors == ["0", "1", "2", "3", "4"]
    assert log.plain == ["goroutine 0", "goroutine 1", "goroutine 2", "goroutine 3", "goroutine 4"]


def test_an_endless_line_is_dropped_and_the_next_one_read():
    log = Log()
    for _ in range(100):
        log.feed(b'{"level":"error","msg":"' + b"x" * 65536)
    log.feed(b"\n" + _line(level="error", msg="after"))
    assert log.errors == ["after"]


def test_an_exception_in_init_code_is_a_complaint_as_k6_2_logs_it():
    log = Log()
    log.feed(b'{"level":"error","msg":"Error: boom","source":"stacktrace"}\n')
    assert (log.complaints, log.errors) == (["Error: boom"], [])
    log.feed(b'{"level":"error","msg":"k6 gave up"}\n')
    assert log.complaints == ["k6 gave up"]


def test_a_crash_is_a_complaint():
    log = Log()
    log.feed(b"panic: out of memory\n")
    assert log.complaints == ["panic: out of memory"]


def test_warnings_of_k6_are_kept_and_those_of_the_script_are_not():
    log = Log()
    log.feed(
        b'{"level":"warning","msg":"unknown fields","error":"json: unknown field"}\n'
        b'{"level":"warning","msg":"unknown fields","source":"console"}\n'
        b'{"level":"info","msg":"fine"}\n'
    )
    assert log.warnings == ["unknown fields: json: unknown field"]
    assert log.errors == []
