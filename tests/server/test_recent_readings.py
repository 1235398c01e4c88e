from k6_cloud.scripts.script_options import ScriptOptions
from k6_cloud_mcp.recent_readings import RecentReadings


def _reading(vus: int) -> ScriptOptions:
    return ScriptOptions({"vus": vus}, by_k6=True)


def test_a_reading_is_kept_for_as_long_as_a_confirmation_holds():
    now = [1000.0]
    recent = RecentReadings(lambda: now[0])
    assert recent.get("a") is None
    assert recent.keep("a", _reading(1)) == recent.get("a") == _reading(1)
    now[0] += 599
    assert recent.get("a") == _reading(1)
    now[0] += 2
    assert recent.get("a") is None


def test_of_many_readings_the_oldest_go():
    recent = RecentReadings()
    for number in range(100):
        recent.keep(number, _reading(number))
    assert recent.get(99) == _reading(99)
    assert recent.get(68) == _reading(68)
    assert recent.get(67) is None
