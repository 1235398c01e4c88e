"""The metrics that k6 itself has; all others come from the script."""

_BUILTIN = frozenset(
    [
        "vus",
        "vus_max",
        "iterations",
        "iteration_duration",
        "dropped_iterations",
        "checks",
        "group_duration",
        "data_sent",
        "data_received",
        "http_reqs",
        "http_req_failed",
        "http_req_duration",
        "http_req_blocked",
        "http_req_connecting",
        "http_req_tls_handshaking",
        "http_req_sending",
        "http_req_waiting",
        "http_req_receiving",
        "ws_sessions",
        "ws_session_duration",
        "ws_connecting",
        "ws_msgs_sent",
        "ws_msgs_received",
        "ws_ping",
        "grpc_req_duration",
        "grpc_streams",
        "grpc_streams_msgs_sent",
        "grpc_streams_msgs_received",
        "browser_data_sent",
        "browser_data_received",
        "browser_http_req_duration",
        "browser_http_req_failed",
        "browser_web_vital_cls",
        "browser_web_vital_fcp",
        "browser_web_vital_fid",
        "browser_web_vital_inp",
        "browser_web_vital_lcp",
        "browser_web_vital_ttfb",
    ]
)


def origin_of(metric: str) -> str:
    """`builtin` or `script`."""
    return "builtin" if metric in _BUILTIN else "script"
