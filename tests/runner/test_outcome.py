from k6_runner.outcome import Check, Threshold, checks_in, thresholds_in


def test_thresholds_are_read_as_what_held_though_k6_marks_what_was_crossed():
    summary = {
        "metrics": {
            "http_req_duration": {"avg": 1, "thresholds": {"p(95)<500": False, "max<1": True}},
            "checks": {"thresholds": {"rate>0.9": False}},
            "vus": {"value": 1},
        }
    }
    assert thresholds_in(summary) == [
        Threshold("checks", "rate>0.9", passed=True),
        Threshold("http_req_duration", "max<1", passed=False),
        Threshold("http_req_duration", "p(95)<500", passed=True),
    ]


def test_checks_carry_the_names_of_their_groups():
    inner = {"name": "pay", "groups": {}, "checks": {"ok": {"name": "ok", "passes": 3, "fails": 1}}}
    outer = {
        "name": "shop",
        "groups": {"pay": inner},
        "checks": {"up": {"name": "up", "passes": 4, "fails": 0}},
    }
    root = {"name": "", "groups": {"shop": outer}, "checks": {}}
    assert checks_in({"root_group": root}) == [Check("shop / pay / ok", 3, 1), Check("shop / up", 4, 0)]


def test_an_empty_summary_has_neither():
    assert (thresholds_in({}), checks_in({})) == ([], [])
