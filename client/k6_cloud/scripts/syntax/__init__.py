"""Reading scripts by their syntax tree, without running them."""
