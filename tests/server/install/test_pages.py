"""Pages of installing."""

import pytest
from support import install_pages

from k6_cloud_mcp.install.hosts import HOSTS, Host


def test_the_links_of_the_overview_are_the_generated_ones():
    overview = install_pages.OVERVIEW.read_text("utf-8")
    assert install_pages.overview(overview) == overview, "run: uv run python tests/support/install_pages.py"


def test_the_table_and_the_snippets_of_the_docs_are_the_generated_ones():
    page = install_pages.PAGE.read_text("utf-8")
    assert install_pages.page(page) == page, "run: uv run python tests/support/install_pages.py"


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_the_overview_names_each_host(host: Host):
    assert f"`{host.name}`" in install_pages.OVERVIEW.read_text("utf-8")
