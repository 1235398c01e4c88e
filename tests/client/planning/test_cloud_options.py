from typing import Any

import pytest

from k6_cloud.models import Json
from k6_cloud.planning.cloud_options import cloud_options, whole_percents

ZONES = {"distribution": {"a": {"loadZone": "amazon:us:ashburn", "percent": 100}}}


@pytest.mark.parametrize(
    ("options", "project", "target"),
    [
        ({"cloud": {"projectID": 7}}, 7, "options.cloud"),
        ({"ext": {"loadimpact": {"projectID": 7}}}, 7, "options.ext.loadimpact"),
        ({"cloud": {"projectID": 7}, "ext": {"loadimpact": {"projectID": 8}}}, 7, "options.cloud"),
        ({"cloud": {}, "ext": {"loadimpact": {"projectID": 8}}}, None, "options.cloud"),
        ({"cloud": None, "ext": {"loadimpact": {"projectID": 8}}}, 8, "options.ext.loadimpact"),
        ({"ext": {"other": 1}}, None, "options.cloud"),
        ({"ext": "nothing"}, None, "options.cloud"),
        ({}, None, "options.cloud"),
    ],
)
def test_cloud_options_are_read_from_the_one_place_that_k6_uses(options: Json, project: Any, target: str):
    found = cloud_options(options)
    assert (found.project_id, found.target) == (project, target)


@pytest.mark.parametrize("options", [{"cloud": ZONES}, {"ext": {"loadimpact": ZONES}}])
def test_load_zones_are_found_in_both_places(options: Json):
    assert [*cloud_options(options).shares] == [("a", "amazon:us:ashburn", 100)]


@pytest.mark.parametrize("written", [7, "x", [], {"distribution": 7}, {"distribution": {"a": 7}}])
def test_options_of_another_shape_name_nothing(written: Any):
    assert [zone for _, zone, _ in cloud_options({"cloud": written}).shares if zone] == []


@pytest.mark.parametrize(
    ("percents", "whole"),
    [
        ([33.33, 33.33, 33.34], [33, 33, 34]),
        ([33.33, 33.33, 33.33], [34, 33, 33]),
        ([12.5] * 8, [13, 13, 13, 13, 12, 12, 12, 12]),
        ([60, 40], [60, 40]),
        ([99.6, 0.4], [100, 0]),
        ([], []),
    ],
)
def test_whole_percents_add_up_to_the_same(percents: list[float], whole: list[int]):
    assert whole_percents(percents) == whole
