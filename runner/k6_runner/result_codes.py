"""The numbers that Grafana Cloud k6 uses in `result_details.code`, as far as they are known."""

SETUP_ERROR = 8030
TIMED_OUT = 8034
SCRIPT_ERROR = 8035
ABORTED = 8036
OTHER = 0
