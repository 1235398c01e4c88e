"""`python -m k6_cloud_mcp`."""

from k6_cloud_mcp.cli import main

main()
