"""What a start costs and reaches, and the run that one may already have made."""
