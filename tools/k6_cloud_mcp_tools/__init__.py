"""Tools for Grafana Cloud k6: one function for each operation, and the guard around some."""
