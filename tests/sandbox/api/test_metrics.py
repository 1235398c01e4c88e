from datetime import UTC, datetime

import httpx
import pytest
from support.k6_output import BEGIN, measured, metric, point

from k6_cloud.client import K6Cloud
from k6_cloud.metrics import Series
from k6_cloud_sandbox.store.store import Store

REQUESTS = metric("http_reqs", "counter") + b"".join(
    point("http_reqs", second, 1, name=name, status="200" if second < 8 else "500")
    for second in range(10)
    for name in ("a", "b", "b")
)
VUS = metric("vus", "gauge") + b"".join(point("vus", second, second % 4) for second in range(10))
CHECKS = metric("checks", "rate") + point("checks", 0, 1, check="x") * 3 + point("checks", 5, 0, check="y")
TIMES = metric("my_time", "trend") + b"".join(point("my_time", n / 10, n) for n in range(1, 100))


def _at(second: float) -> datetime:
    return datetime.fromtimestamp(BEGIN + second, UTC)


def _values(series: list[Series]) -> list[float | None]:
    return [value for one in series for _, value in one.values]


async def _one(http: httpx.AsyncClient, run_id: int, query: str, metric: str) -> float | None:
    (value,) = _values((await K6Cloud(http).metrics.query_aggregate(run_id, query, metric)).data.result)
    return value


async def test_the_metrics_of_a_run_are_listed_by_name(http: httpx.AsyncClient, store: Store):
    run = measured(store, VUS, TIMES)

    listed = (await http.get(f"/cloud/v5/test_runs/{run.id}/metrics")).json()["value"]

    assert [{key: found[key] for key in ("name", "type", "origin", "test_run_id")} for found in listed] == [
        {"name": "my_time", "type": "trend", "origin": "script", "test_run_id": run.id},
        {"name": "vus", "type": "gauge", "origin": "builtin", "test_run_id": run.id},
    ]
    assert listed == (await http.get(f"/cloud/v5/test_runs/{run.id}/metrics")).json()["value"], (
        "ids are stable"
    )


async def test_series_have_the_labels_that_the_service_adds(http: httpx.AsyncClient, store: Store):
    run = measured(store, REQUESTS, CHECKS)
    added = {"test_run_id": str(run.id), "instance_id": "0", "load_zone": "local"}

    found = (await K6Cloud(http).metrics.series(run.id, ['http_reqs{name="a"}', "checks", "checks"])).data

    assert found == [
        {"__name__": "checks", "check": "x", **added},
        {"__name__": "checks", "check": "y", **added},
        {"__name__": "http_reqs", "name": "a", "status": "200", **added},
        {"__name__": "http_reqs", "name": "a", "status": "500", **added},
    ]


async def test_series_need_a_selector(http: httpx.AsyncClient, store: Store):
    run = measured(store, REQUESTS)

    assert (await http.get(f"/cloud/v5/test_runs/{run.id}/series")).status_code == 400
    assert (await http.get(f"/cloud/v5/test_runs/{run.id}/series?match[]={{")).status_code == 400


async def test_labels_and_their_values_are_those_of_the_series_that_match(
    http: httpx.AsyncClient, store: Store
):
    metrics, run = K6Cloud(http).metrics, measured(store, REQUESTS, CHECKS)
    added = ["instance_id", "load_zone"]

    assert (await metrics.labels(run.id, ["checks"])).data == ["__name__", "check", *added, "test_run_id"]
    assert {"check", "status"} <= {*(await metrics.labels(run.id)).data}
    assert (await metrics.label_values(run.id, "status")).data == ["200", "500"]
    assert (await metrics.label_values(run.id, "status", ["checks"])).data == []
    assert (await metrics.label_values(run.id, "__name__")).data == ["checks", "http_reqs"]


async def test_an_aggregate_is_a_vector_of_numbers_at_the_end_of_the_window(
    http: httpx.AsyncClient, store: Store
):
    run = measured(store, REQUESTS)
    call = "query_aggregate_k6(query='increase by (name)',metric='http_reqs{status!=\"0\"}')"

    answer = (await http.get(f"/cloud/v5/test_runs/{run.id}/{call}")).json()

    labels = {"__name__": "http_reqs", "test_run_id": str(run.id)}
    assert answer == {
        "status": "success",
        "data": {
            "resultType": "vector",
            "result": [
                {"metric": {**labels, "name": "a"}, "values": [[BEGIN + 10, 10]]},
                {"metric": {**labels, "name": "b"}, "values": [[BEGIN + 10, 20]]},
            ],
        },
    }


async def test_a_range_is_a_matrix_with_a_value_for_each_step(http: httpx.AsyncClient, store: Store):
    run = measured(store, REQUESTS)

    answer = await K6Cloud(http).metrics.query_range(run.id, "rate", 'http_reqs{name="b"}', step=4)

    assert answer.data.resultType == "matrix"
    assert [series.values for series in answer.data.result] == [[(BEGIN, 2), (BEGIN + 4, 2), (BEGIN + 8, 1)]]


@pytest.mark.parametrize(
    ("query", "metric", "value"),
    [
        ("increase", "http_reqs", 30),
        ("rate", "http_reqs", 3),
        ("cumrate", "http_reqs", 3),
        ("max_rate(2)", "http_reqs", 3),
        ("value()", 'http_reqs{status=~"5.."}', 6),
        ("max(increase by (name))", "http_reqs", 20),
        ("avg(increase by (name,status))", "http_reqs", 7.5),
        ("last", "vus", 1),
        ("sum(max by (instance_id))", "vus", 3),
        ("avg", "vus", 1.3),
        ("last_time", "vus", BEGIN + 9),
        ("ratio", "checks", 0.75),
        ("increase_z", "checks", 1),
        ("rate_total", "checks", 0.4),
        ("histogram_min", "my_time", 1),
        ("histogram_max", "my_time", 99),
        ("histogram_avg", "my_time", 50),
        ("histogram_quantile(0.5)", "my_time", 50),
        ("histogram_quantile(1)", "my_time", 99),
        ("histogram_count_increase", "my_time", 99),
    ],
)
async def test_queries(http: httpx.AsyncClient, store: Store, query: str, metric: str, value: float):
    run = measured(store, REQUESTS, VUS, CHECKS, TIMES)

    assert await _one(http, run.id, query, metric) == pytest.approx(value, rel=0.006)


async def test_results_are_put_together_by_the_outer_labels(http: httpx.AsyncClient, store: Store):
    run = measured(store, REQUESTS)

    answer = await K6Cloud(http).metrics.query_aggregate(
        run.id, "max(increase by (name,status)) by (status)", "http_reqs"
    )

    assert {one.metric["status"]: one.values[0][1] for one in answer.data.result} == {"200": 16, "500": 4}
    assert all("name" not in one.metric for one in answer.data.result)


async def test_a_window_is_a_part_of_the_run_and_totals_count_from_its_beginning(
    http: httpx.AsyncClient, store: Store
):
    run = measured(store, REQUESTS)
    window = {"start": _at(2), "end": _at(6)}
    metrics = K6Cloud(http).metrics

    increase = await metrics.query_aggregate(run.id, "increase", "http_reqs", **window)
    total = await metrics.query_range(run.id, "value", "http_reqs", step=2, **window)

    assert increase.data.result[0].values == [(BEGIN + 6, 12)]
    assert total.data.result[0].values == [(BEGIN + 2, 12), (BEGIN + 4, 18)]


async def test_steps_without_values_are_gaps_for_gauges_and_zero_for_counters(
    http: httpx.AsyncClient, store: Store
):
    lines = [metric("g", "gauge"), point("g", 0, 7), metric("c", "counter"), point("c", 0, 7)]
    run = measured(store, *lines, metric("vus", "gauge") + point("vus", 2, 1), seconds=3)
    metrics = K6Cloud(http).metrics

    assert _values((await metrics.query_range(run.id, "last", "g", step=1)).data.result) == [7]
    assert _values((await metrics.query_range(run.id, "increase", "c", step=1)).data.result) == [7, 0, 0]


async def test_a_metric_or_series_that_the_run_does_not_have_gives_an_empty_result(
    http: httpx.AsyncClient, store: Store
):
    metrics, run, silent = K6Cloud(http).metrics, measured(store, REQUESTS), measured(store)

    assert (await metrics.query_aggregate(run.id, "ratio", "checks")).data.result == []
    assert (await metrics.query_range(run.id, "rate", 'http_reqs{name="c"}')).data.result == []
    assert (await metrics.query_aggregate(silent.id, "rate", "http_reqs")).data.result == []
    assert (await metrics.list(silent.id)).value == []
    assert (await metrics.labels(silent.id)).data == []


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("query='ratio',metric='http_reqs'", "ratio is no method for a counter"),
        ("query='p95',metric='nothing'", "no method p95"),
        ("query='rate by (',metric='http_reqs'", "no query"),
        ("query='rate',metric='http_reqs{'", "no selector"),
        ("query='rate',metric='{status=\"200\"}'", "needs a metric's name"),
        ("query='rate',metric='http_reqs{name=~\"(\"}'", "no regular expression"),
        ("query='rate',metric='http_reqs',end=2001-01-01T00:00:00Z", "window is empty"),
        ("query='rate',metric='http_reqs',unit='s'", "unit"),
        ("metric='http_reqs'", "query"),
        ("query='rate", "cannot be read"),
    ],
)
@pytest.mark.parametrize("function", ["query_range_k6", "query_aggregate_k6"])
async def test_a_question_that_makes_no_sense_is_400_and_says_why(
    http: httpx.AsyncClient, store: Store, function: str, call: str, words: str
):
    run = measured(store, REQUESTS)

    answer = await http.get(f"/cloud/v5/test_runs/{run.id}/{function}({call})")

    assert answer.status_code == 400
    assert words in answer.text.replace('\\"', '"')


async def test_too_many_points_are_400(http: httpx.AsyncClient, store: Store):
    run = measured(store, REQUESTS, point("http_reqs", 20_000, 1), seconds=20_000)
    call = "query_range_k6(query='rate',metric='http_reqs',step=1)"

    answer = await http.get(f"/cloud/v5/test_runs/{run.id}/{call}")

    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["target"] == "step"


async def test_any_text_can_be_selected_by(http: httpx.AsyncClient, store: Store):
    text = 'it\'s 100% "é" / a?b#c, (d) [e]=f\\'
    run = measured(
        store, metric("c", "counter") + point("c", 0, 1, name=text) + point("c", 0, 5, name="other")
    )
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')

    assert await _one(http, run.id, "increase", f'c{{name="{escaped}"}}') == 1


async def test_the_metrics_of_a_test_are_those_of_its_runs(http: httpx.AsyncClient, store: Store):
    first = measured(store, metric("own", "counter") + point("own", 0, 1, a="1"), VUS)
    second = measured(store, metric("own", "trend") + point("own", 0, 1, b="1"), test_id=first.test_id)
    metrics, added = K6Cloud(http).metrics, ["instance_id", "load_zone"]

    both = (await metrics.of_load_test(first.test_id)).value
    one = (await metrics.of_load_test(first.test_id, test_run_ids=[first.id])).value
    plain = (await http.get(f"/cloud/v5/load_tests/{first.test_id}/metrics")).json()["value"]

    assert [found.model_dump() for found in both] == plain
    assert plain[0] == {"name": "own", "type": "trend", "labels": ["a", "b", *added]}
    assert [found.name for found in both] == ["own", "vus"]
    assert (one[0].type, one[0].labels) == ("counter", ["a", *added])
    assert len((await metrics.of_load_test(first.test_id, test_run_count=1)).value) == 1
    assert second.test_id == first.test_id


async def test_an_aggregate_of_a_test_tells_its_runs_apart(http: httpx.AsyncClient, store: Store):
    first = measured(store, REQUESTS)
    second = measured(store, metric("http_reqs", "counter"), point("http_reqs", 0, 5), test_id=first.test_id)

    answer = await K6Cloud(http).metrics.query_aggregate_of_load_test(
        first.test_id, "increase", "http_reqs", test_run_ids=[first.id, second.id]
    )

    found = {series.metric["test_run_id"]: series.values[0][1] for series in answer.data.result}
    assert found == {str(first.id): 30, str(second.id): 5}


async def test_a_run_of_another_test_is_404(http: httpx.AsyncClient, store: Store):
    first, second = measured(store, VUS), measured(store, VUS)

    answer = await http.get(f"/cloud/v5/load_tests/{first.test_id}/metrics(test_run_ids=[{second.id}])")

    assert answer.status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "test_runs/9/metrics",
        "test_runs/9/series?match[]=a",
        "test_runs/9/labels",
        "test_runs/9/label/a/values",
        "test_runs/9/query_range_k6(query='rate',metric='a')",
        "load_tests/9/metrics",
        "test_runs/9/query_aggregate_k6(query='rate',metric='a')",
        "load_tests/9/metrics(test_run_ids=[1])",
        "load_tests/9/query_aggregate_k6(query='rate',metric='a')",
        f"test_runs/{2**70}/metrics",
    ],
)
async def test_what_belongs_to_nothing_known_is_404(http: httpx.AsyncClient, path: str):
    assert (await http.get(f"/cloud/v5/{path}")).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"), [({"Authorization": "Token x"}, 401), ({"X-Stack-Id": "2"}, 403)]
)
async def test_the_caller_needs_token_and_stack(
    http: httpx.AsyncClient, headers: dict[str, str], status: int
):
    signed = {"Authorization": "Bearer x", "X-Stack-Id": "1", **headers}
    request = http.build_request("GET", "/cloud/v5/test_runs/1/metrics", headers=signed)

    assert (await http.send(request, auth=httpx.Auth())).status_code == status


async def test_metrics_go_with_their_run(http: httpx.AsyncClient, store: Store):
    run = measured(store, REQUESTS, VUS)
    with store.database.write() as connection:
        connection.execute("DELETE FROM test_runs WHERE id = ?", [run.id])

    assert (await http.get(f"/cloud/v5/test_runs/{run.id}/metrics")).status_code == 404
    with store.database.read() as connection:
        tables = ("metrics", "metric_series", "metric_chunks")
        assert [connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in tables] == [
            0
        ] * 3
