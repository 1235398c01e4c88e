"""Access over HTTP: authentication, and the Grafana stack behind a call."""
