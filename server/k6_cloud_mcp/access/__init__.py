"""Who may call over HTTP, and whose Grafana stands behind a call."""
