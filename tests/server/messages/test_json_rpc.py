import pytest

from k6_cloud_mcp.messages.json_rpc import problems_of

DEEP = '{"jsonrpc":"2.0","id":5,"method":"ping","params":{"a":' + "[" * 3000 + "]" * 3000 + "}}"


@pytest.mark.parametrize(
    "line",
    [
        '{"jsonrpc":"2.0","id":5,"method":"ping"}',
        '{"jsonrpc":"2.0","id":"a","method":"ping","params":{}}',
        '{"jsonrpc":"2.0","method":"notifications/initialized"}',
        '{"jsonrpc":"2.0","id":5,"result":{}}',
        '{"jsonrpc":"2.0","id":5,"error":{"code":-1,"message":"no"}}',
        '{"jsonrpc":"2.0","id":5,"method":"ping","params":{"id":null}}',
    ],
)
def test_a_message_has_no_problem(line: str):
    assert problems_of(line) == []


@pytest.mark.parametrize(
    ("line", "code", "request_id"),
    [
        ('{"jsonrpc":"2.0","id":5,"method":"x","params":{"a":"\\ud800"}}', -32700, 5),
        ('{"params":{"id":9,"a":"\\udfff"},"id":"abc","jsonrpc":"2.0","method":"x"}', -32700, "abc"),
        (DEEP, -32700, 5),
        ('{"a":{"id":7},"b":[{"id":8}],"c":"id", "id" : 9, oops', -32700, 9),
        ('{"jsonrpc":"2.0","id":5,"method":"ping"} x', -32700, 5),
        ("hello", -32700, None),
        ('{"id":tru', -32700, None),
        ('{"jsonrpc":"2.0","id":5,"method":"ping","params":[]}', -32600, 5),
        ('{"jsonrpc":"2.0","id":5,"method":"ping","params":"x"}', -32600, 5),
        ('{"jsonrpc":"1.0","id":5,"method":"ping"}', -32600, 5),
        ('{"id":5,"method":"ping"}', -32600, 5),
        ('{"jsonrpc":"2.0","id":"a","method":5}', -32600, "a"),
        ('{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600, None),
        ('{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600, None),
        ('{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600, None),
        ("5", -32600, None),
        ("null", -32600, None),
        ("[]", -32600, None),
    ],
)
def test_a_line_that_is_no_message_is_answered_under_the_id_that_it_names(
    line: str, code: int, request_id: int | str | None
):
    (problem,) = problems_of(line)
    assert (problem.code, problem.id, problem.is_answered) == (code, request_id, True)
    assert problem.words.endswith("was called.")


def test_each_request_of_a_batch_is_answered():
    batch = (
        '[{"jsonrpc":"2.0","id":5,"method":"ping"},{"jsonrpc":"2.0","method":"x"},{"id":"b","method":"y"},3]'
    )
    assert [(one.id, one.code) for one in problems_of(batch)] == [(5, -32600), ("b", -32600)]


def test_a_broken_answer_of_the_client_is_a_problem_that_gets_no_answer():
    assert [one.is_answered for one in problems_of('{"jsonrpc":"2.0","id":5,"result":5}')] == [False]


@pytest.mark.parametrize(
    "line", ['"' + '\\"' * 200_000, '{"id":' + '"a\\' * 200_000, "[" * 500_000, '"' * 400_001, "\\" * 400_000]
)
def test_hostile_lines_are_answered_without_an_id(line: str):
    assert [one.id for one in problems_of(line)] == [None]
