"""What the HTTP transport needs to serve a team: workers, limits, probes and figures."""
