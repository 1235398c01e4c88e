"""`k6-cloud-mcp install`: the server, written into the configuration of AI hosts."""
