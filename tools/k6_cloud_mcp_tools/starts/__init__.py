"""The cost and reach of a start, and the run that it may already have made."""
