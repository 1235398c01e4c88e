"""What README and docs say of installing."""

import pytest
from support import install_pages

from k6_cloud_mcp.install.hosts import HOSTS, Host


def test_the_links_of_the_readme_are_the_generated_ones():
    readme = install_pages.README.read_text("utf-8")
    assert install_pages.readme(readme) == readme, "run: uv run python tests/support/install_pages.py"


def test_the_table_and_the_snippets_of_the_docs_are_the_generated_ones():
    page = install_pages.PAGE.read_text("utf-8")
    assert install_pages.page(page) == page, "run: uv run python tests/support/install_pages.py"


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_the_readme_names_each_host(host: Host):
    assert f"`{host.name}`" in install_pages.README.read_text("utf-8")
