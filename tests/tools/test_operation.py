"""What each operation needs its caller to be allowed."""

from k6_cloud_mcp_tools.catalog import OPERATIONS


def test_what_only_reads_needs_k6_read_and_nothing_else_does():
    for operation in OPERATIONS:
        assert (operation.scope == "k6:read") == bool(operation.annotations.read_only_hint)


def test_what_makes_or_ends_traffic_needs_k6_run():
    assert {one.name for one in OPERATIONS if one.scope == "k6:run"} == {
        "start_load_test",
        "abort_test_run",
        "create_load_test_schedule",
        "activate_schedule",
    }
