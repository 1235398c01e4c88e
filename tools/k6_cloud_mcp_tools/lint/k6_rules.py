"""The words of k6 itself on a script, as findings."""

from k6_cloud_mcp_tools.lint.findings import Rule

REJECTED = Rule(
    "k6-rejects",
    "error",
    "k6 cannot run the script.",
    "Fix the error k6 reports, then lint again. If files are missing, pass script_path: then k6 bundles them.",
)
NOT_READ = Rule(
    "k6-did-not-read",
    "hint",
    "k6 did not read the script, so the other findings come from its text alone.",
    "Follow what the detail says, or ignore this if the test runs elsewhere.",
)
UNRESOLVED = Rule(
    "unresolved-file",
    "error",
    "k6 takes paths as they are written: no ending is added, no folder searched.",
    "Correct the path, or add the file.",
)
