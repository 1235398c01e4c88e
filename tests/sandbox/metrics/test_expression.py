import pytest

from k6_cloud_sandbox.errors import InvalidRequest
from k6_cloud_sandbox.metrics.expression import parse_expression


@pytest.mark.parametrize(
    ("text", "method", "argument", "by"),
    [
        ("rate", "rate", None, ()),
        (" value() ", "value", None, ()),
        ("histogram_quantile(0.95)", "histogram_quantile", 0.95, ()),
        ("histogram_quantile( .5 ) by (name)", "histogram_quantile", 0.5, ("name",)),
        ("ratio by (check,group)", "ratio", None, ("check", "group")),
        ("ratio  by( check , group )", "ratio", None, ("check", "group")),
        ("max by (instance_id)", "max", None, ("instance_id",)),
        ("max", "max", None, ()),
        ("max()", "max", None, ()),
    ],
)
def test_a_method_may_have_an_argument_and_labels(
    text: str, method: str, argument: float | None, by: tuple[str, ...]
):
    expression = parse_expression(text)
    assert (expression.method, expression.argument, expression.by) == (method, argument, by)
    assert expression.combine is None


@pytest.mark.parametrize(
    ("text", "by", "outer_by", "combined"),
    [
        ("sum(last by (instance_id))", ("instance_id",), (), 6),
        ("avg(rate by (name, method)) by (method)", ("name", "method"), ("method",), 2),
        ("max( max_rate(5) by (name) ) by ( name )", ("name",), ("name",), 3),
        ("min(last)", (), (), 1),
    ],
)
def test_an_outer_function_puts_the_results_together(
    text: str, by: tuple[str, ...], outer_by: tuple[str, ...], combined: float
):
    expression = parse_expression(text)
    assert (expression.by, expression.outer_by) == (by, outer_by)
    assert expression.combine
    assert expression.combine([1, 2, 3]) == combined


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rate by",
        "rate by name",
        "rate by (",
        "sum(rate",
        "sum(sum(rate))",
        "rate(5",
        "rate(x)",
        "rate(1.2.3)",
        "a;b",
    ],
)
def test_what_is_no_query_is_refused(text: str):
    with pytest.raises(InvalidRequest):
        parse_expression(text)


def test_a_long_text_is_refused_at_once():
    with pytest.raises(InvalidRequest):
        parse_expression("rate" + " " * 100_000 + "x")
