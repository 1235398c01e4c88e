"""A small shop to aim load tests at: cheap to serve, nothing is stored, and every cost has a bound.

It has a port of its own, so that a run can reach it without reaching the API.
"""

import random
from typing import Annotated

import anyio
from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel

LONGEST_WAIT_MS = 5000
DEMO_PASSWORD = "demo"

PREFIX = "/demo"
router = APIRouter(prefix=PREFIX, tags=["demo target"])
_ANY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Product(BaseModel):
    """Something on sale; `price` is in euros."""

    id: int
    name: str
    price: float


class Credentials(BaseModel):
    """A user name with its password."""

    user: str
    password: str


class Session(BaseModel):
    """Proof of a login; it opens nothing."""

    user: str
    token: str


class Waited(BaseModel):
    """The delay of the answer in milliseconds."""

    waited_ms: int


_PRODUCTS = [
    Product(id=1, name="Espresso cup", price=8.5),
    Product(id=2, name="Moka pot", price=34.0),
    Product(id=3, name="Hand grinder", price=79.0),
    Product(id=4, name="Gooseneck kettle", price=65.0),
    Product(id=5, name="Paper filters", price=4.2),
]
_BY_ID = {product.id: product for product in _PRODUCTS}
_PATHS = ["products", "products/1", "login", "slow?ms=200", "flaky?rate=0.1"]


@router.get("/", response_model=None)
async def home(request: Request) -> Response:
    """Say what there is, as HTML to a browser and as JSON to anything else."""
    if "text/html" in request.headers.get("accept", ""):
        links = "".join(f'<li><a href="{path}">{path}</a></li>' for path in _PATHS)
        return HTMLResponse(f"<!doctype html><title>Demo shop</title><h1>Demo shop</h1><ul>{links}</ul>")
    return JSONResponse({"name": "Demo shop", "paths": _PATHS})


@router.get("/products")
async def list_products() -> list[Product]:
    """List what is on sale."""
    return _PRODUCTS


@router.get("/products/{product_id}")
async def get_product(product_id: int) -> Product:
    """Get one product; 404 for an unknown id."""
    if product := _BY_ID.get(product_id):
        return product
    raise HTTPException(404, f"There is no product {product_id}.")


@router.post("/login")
async def log_in(credentials: Credentials) -> Session:
    """Log in any user with the password `demo`; 401 for another password."""
    if credentials.password != DEMO_PASSWORD:
        raise HTTPException(401, f"Wrong password: it is {DEMO_PASSWORD!r} for every user.")
    return Session(user=credentials.user, token=f"demo-session-of-{credentials.user}")


@router.get("/slow")
async def answer_slowly(ms: Annotated[int, Query(ge=0, le=LONGEST_WAIT_MS)] = 500) -> Waited:
    """Answer after `ms` milliseconds."""
    await anyio.sleep(ms / 1000)
    return Waited(waited_ms=ms)


@router.get("/flaky")
async def fail_sometimes(rate: Annotated[float, Query(ge=0, le=1)] = 0.1) -> Waited:
    """Answer with a 500 in a share `rate` of all calls."""
    if random.random() < rate:
        raise HTTPException(500, "This call was one of those that fail.")
    return Waited(waited_ms=0)


def create_moved(demo_url: str) -> APIRouter:
    """Answers at the target's former place, which tell where it is now."""
    moved = APIRouter(prefix=PREFIX, include_in_schema=False)

    @moved.api_route("", methods=_ANY_METHOD)
    @moved.api_route("/{path:path}", methods=_ANY_METHOD)
    def tell(request: Request) -> None:
        place = demo_url + request.url.path + (f"?{request.url.query}" if request.url.query else "")
        message = (
            f"The demo target has a port of its own: {place}. In scripts, write __ENV.SANDBOX_URL "
            "for its address; the sandbox sets that variable."
        )
        raise HTTPException(410, message, {"Location": place})

    return moved
