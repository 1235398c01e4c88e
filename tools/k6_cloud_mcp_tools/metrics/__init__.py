"""What a run measured: read, judged and drawn."""
