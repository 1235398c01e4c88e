"""All lint rules, for the reference."""

from k6_cloud_mcp_tools.lint import (
    analysis,
    code_rules,
    k6_rules,
    load_rules,
    option_rules,
    request_rules,
    secret_patterns,
)
from k6_cloud_mcp_tools.lint.findings import Rule

_MODULES = (analysis, code_rules, k6_rules, load_rules, option_rules, request_rules, secret_patterns)
RULES = tuple(rule for module in _MODULES for rule in vars(module).values() if isinstance(rule, Rule))
