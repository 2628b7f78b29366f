"""`/docs`, `/redoc` and `/openapi.json`, with all assets from this origin, since a gateway often cannot reach a CDN."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import fastapi_offline
from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute

from ai_engine.access.guards import GuardedRoute, declared_roles, requires
from ai_engine.errors import NotFound
from ai_engine.names import Role

_ASSETS_PATH = "/docs/assets"
_ASSETS = {
    name: Path(fastapi_offline.__file__).parent / "static" / name
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js", "favicon.png")
}
_TITLE = "AI Engine"

TAGS = [
    {"name": "Client API", "description": "OpenAI's and Anthropic's APIs over every provider."},
    {"name": "Status", "description": "Status and metrics of the gateway."},
    {"name": "Providers", "description": "Providers with their keys and flags: show, test and configure."},
    {"name": "Models", "description": "The catalogue: models, routes and prices."},
    {"name": "Autodecide", "description": "How a model is routed: candidates, order and scores."},
    {"name": "Statistics", "description": "Aggregates over time: counts, tokens, cost, percentiles."},
    {"name": "Requests", "description": "The ledger: requests with their attempts and cost."},
    {"name": "Configuration", "description": "The configuration in force, and its reload."},
    {"name": "Session", "description": "Signing in to the pages with a key."},
    {"name": "Audit", "description": "Changes made at run time."},
    {"name": "Health", "description": "Liveness and readiness probes."},
]
"""The sections of the document, in order."""

SECURITY_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of this gateway, as SDKs send it. Not required on loopback without an admin key.",
    },
    "x-api-key": {
        "type": "apiKey",
        "in": "header",
        "name": "x-api-key",
        "description": "The same key in a different header.",
    },
}
"""How a key is sent; each operation states the role it needs."""

router = APIRouter(include_in_schema=False, dependencies=[requires(Role.VIEWER)], route_class=GuardedRoute)


@router.get("/openapi.json")
async def openapi(request: Request) -> JSONResponse:
    return JSONResponse(request.app.openapi())


def with_examples_and_security(
    document: dict[str, Any], routes: Sequence[BaseRoute], answers: Mapping[str, Any]
) -> dict[str, Any]:
    """The document with an example for each schema in `answers`, and with the role that each operation requires."""
    components = document["components"]
    components["securitySchemes"] = SECURITY_SCHEMES
    for name, example in answers.items():
        components["schemas"][name]["examples"] = [example]
    for route in iter_route_contexts(routes):
        roles = [role.name.lower() for role in declared_roles(route) if role is not Role.PUBLIC]
        operations = document["paths"].get(route.path_format, {})
        for method in route.methods or ():
            if operation := operations.get(method.lower()):
                operation["security"] = [{scheme: roles} for scheme in SECURITY_SCHEMES] if roles else []
    return document


@router.get("/docs")
async def swagger() -> HTMLResponse:
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title=f"{_TITLE}: try the API",
        swagger_js_url=f"{_ASSETS_PATH}/swagger-ui-bundle.js",
        swagger_css_url=f"{_ASSETS_PATH}/swagger-ui.css",
        swagger_favicon_url=f"{_ASSETS_PATH}/favicon.png",
    )


@router.get("/redoc")
async def redoc() -> HTMLResponse:
    return get_redoc_html(
        openapi_url="/openapi.json",
        title=f"{_TITLE}: read the API",
        redoc_js_url=f"{_ASSETS_PATH}/redoc.standalone.js",
        redoc_favicon_url=f"{_ASSETS_PATH}/favicon.png",
        with_google_fonts=False,
    )


@router.get(_ASSETS_PATH + "/{name}")
async def asset(name: str) -> FileResponse:
    if name not in _ASSETS:
        raise NotFound(f"No asset {name!r}.")
    return FileResponse(_ASSETS[name], headers={"cache-control": "public, max-age=86400"})
