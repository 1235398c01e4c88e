"""The REST API v6 over the store, one module for each resource."""
