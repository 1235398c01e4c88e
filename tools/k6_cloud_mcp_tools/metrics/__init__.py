"""Metrics of runs: read, judged and drawn."""
