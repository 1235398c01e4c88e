"""The names that k6 and Grafana Cloud k6 know in options."""

from difflib import get_close_matches

# As `k6 inspect` lists them (k6 1.1 and 2.2), and `cloud`, which it leaves out.
OPTIONS = (
    *("batch", "batchPerHost", "blacklistIPs", "blockHostnames", "cloud", "discardResponseBodies", "dns"),
    *("duration", "executionSegment", "executionSegmentSequence", "ext", "features", "handleSummaryTimeout"),
    *("hosts", "httpDebug", "insecureSkipTLSVerify", "iterations", "maxRedirects", "metricSamplesBufferSize"),
    *("minIterationDuration", "noConnectionReuse", "noCookiesReset", "noSetup", "noTeardown"),
    *("noVUConnectionReuse", "paused", "rps", "scenarios", "setupTimeout", "stages", "summaryTimeUnit"),
    *("summaryTrendStats", "systemTags", "tags", "teardownTimeout", "thresholds", "throw", "tlsAuth"),
    *("tlsCipherSuites", "tlsVersion", "userAgent", "vus"),
)
# As documented for scripts, and those of k6's own client.
CLOUD_OPTIONS = (
    *("apm", "deleteSensitiveData", "distribution", "drop_metrics", "drop_tags", "keep_tags", "name", "note"),
    *("projectID", "stackID", "staticIPs"),
    *(
        "aggregationPeriod",
        "aggregationWaitPeriod",
        "host",
        "maxMetricSamplesPerPackage",
        "maxTimeSeriesInBatch",
    ),
    *(
        "metricPushConcurrency",
        "metricPushInterval",
        "noCompress",
        "pushRefID",
        "stopOnError",
        "testRunDetails",
    ),
    *("testRunID", "timeout", "token", "tracesEnabled", "webAppURL"),
)


def is_known_option(name: str) -> bool:
    """Whether k6 knows a name at the top of options; like k6, without regard to case."""
    return name.lower() in _LOWERED


def meant(name: str, known: tuple[str, ...]) -> str | None:
    """The known name that a misspelled one is most like, if any is."""
    by_lowered = {one.lower(): one for one in known}
    found = get_close_matches(name.lower()[:60], by_lowered, n=1, cutoff=0.75)
    return by_lowered[found[0]] if found else None


_LOWERED = frozenset(name.lower() for name in OPTIONS)
