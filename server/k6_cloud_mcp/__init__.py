"""The MCP server for Grafana Cloud k6: command line, settings, transports, resources and prompts."""
