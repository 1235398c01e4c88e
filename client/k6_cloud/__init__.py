"""Typed async client of the Grafana Cloud k6 REST API v6. It knows HTTP and nothing of MCP."""
