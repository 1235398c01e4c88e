"""The runs of a load test."""

from collections.abc import AsyncGenerator
from functools import partial

from k6_cloud import paging
from k6_cloud.models import Page, TestRun
from k6_cloud.requests.api import Api
from k6_cloud.requests.arguments import Ahead, Count, Id, Moment, Name, Top, checked, checked_start
from k6_cloud.requests.owners import OfLoadTest
from k6_cloud.test_runs import created_between


class LoadTestRuns:
    """`/cloud/v6/load_tests/{id}/test_runs`."""

    _api: Api

    @checked
    async def list_runs(
        self,
        load_test_id: Id,
        *,
        created_after: Moment | None = None,
        created_before: Moment | None = None,
        is_starred: bool | None = None,
        top: Top | None = None,
        skip: Count | None = None,
        order_by: Name | None = None,
        count: bool | None = None,
    ) -> Page[TestRun]:
        """Return one page of the runs of a load test.

        `created_after` is inclusive, `created_before` exclusive; both need a time zone. `top` rows from `skip` on:
        0 to 1000, by default 1000. `order_by` takes `created` only; by default the oldest are first.
        API operation: `load_tests_test_runs_retrieve`. Raises: NotFound; BadRequest (`order_by`).
        """
        params = {
            **created_between(created_after, created_before),
            "is_starred": is_starred,
            "$top": top,
            "$skip": skip,
            "$orderby": order_by,
            "$count": count,
        }
        path = f"/cloud/v6/load_tests/{load_test_id}/test_runs"
        return await self._api.get(Page[TestRun], path, params, owners=(OfLoadTest(load_test_id),))

    @checked_start
    def iterate_runs(
        self,
        load_test_id: Id,
        *,
        created_after: Moment | None = None,
        created_before: Moment | None = None,
        is_starred: bool | None = None,
        order_by: Name | None = None,
        skip: Count = 0,
        ahead: Ahead = 1,
    ) -> AsyncGenerator[TestRun, None]:
        """Iterate over the runs of a load test, see `list_runs`; `ahead` as in `iterate`.

        API operation: `load_tests_test_runs_retrieve`. Raises: NotFound; BadRequest (`order_by`).
        """
        found = partial(
            self.list_runs,
            load_test_id,
            created_after=created_after,
            created_before=created_before,
            is_starred=is_starred,
            order_by=order_by,
        )
        return paging.items(found, skip, ahead)
