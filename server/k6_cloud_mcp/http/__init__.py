"""The HTTP transport for a team: limits, probes and metrics."""
