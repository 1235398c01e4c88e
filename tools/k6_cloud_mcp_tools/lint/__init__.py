"""Known traps in k6 scripts, found in their text and options."""
