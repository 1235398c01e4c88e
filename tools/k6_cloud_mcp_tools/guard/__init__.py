"""The guard: what may be done, who decides it, and what is recorded of it."""
