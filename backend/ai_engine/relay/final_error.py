"""The one error of a request without an answer, from everything that was planned and tried."""

from collections.abc import Sequence

from ai_engine.autodecide.candidates import Exclusion, ExclusionReason
from ai_engine.autodecide.plan import Plan
from ai_engine.errors import (
    AIEngineError,
    AttemptsFailed,
    DeadlineExceeded,
    InvalidRequest,
    ModelNotFound,
    NoProviderConfigured,
    NoRouteAvailable,
    Overloaded,
    ProviderKeyInvalid,
    RateLimited,
    RefusedByProvider,
    UnsupportedByProvider,
)
from ai_engine.names import Blame
from ai_engine.providers.failures import Failure, FailureClass, is_missing_path

_LISTING_SECONDS = 1
_KEY_REFUSED = frozenset({FailureClass.INVALID_KEY, FailureClass.FORBIDDEN})
_OVERLOADED = frozenset({503, 529})
"""Statuses of a provider that is at its capacity. 529 is Anthropic's, and that of its `overloaded_error` in a stream."""


def final_error(
    plans: Sequence[Plan],
    failures: Sequence[Failure],
    unsupported: Sequence[UnsupportedByProvider] = (),
    *,
    has_usable_provider: bool = True,
    is_still_listing: bool = False,
    retry_after_seconds: float | None = None,
    why_unknown: str | None = None,
) -> AIEngineError:
    """The error to raise: the client's own fault first, as the provider worded it; then what was tried; then why nothing was.

    `unsupported` says why routes in rotation could not be asked at all. It is the caller's to mend, unless one that is out of
    rotation may yet serve the request as it is.
    """
    refusals = [failure for failure in failures if failure.blame in (Blame.REQUEST, Blame.MODEL)]
    if refusals:
        return _refused(min(refusals, key=is_missing_path))  # the first that is about the request, if one is
    exclusions = [one for plan in plans for one in plan.exclusions]
    if failures and all(failure.blame is Blame.FIT for failure in failures) and not _causes(exclusions):
        return _refused(failures[0])
    if failures:
        return _failed(failures, exclusions, retry_after_seconds)
    if unsupported and not _causes(exclusions):
        # A new one: raising one that the search holds would make a circle of its frames, which keeps the request alive.
        return UnsupportedByProvider(unsupported[0].message, param=unsupported[0].param)
    if not has_usable_provider:
        return NoProviderConfigured(
            "No provider is configured: put a provider key such as OPENAI_API_KEY into the environment or .env, "
            "or set AI_ENGINE_SANDBOX=true to try things out.",
            code="no_provider_configured",
        )
    if not exclusions and not any(plan.candidates for plan in plans):
        return _unknown(plans[0].asked, is_still_listing=is_still_listing, why=why_unknown)
    return _all_out(plans[0].asked, exclusions, retry_after_seconds)


def _refused(failure: Failure) -> RefusedByProvider:
    return RefusedByProvider(
        failure.message, status=failure.status or 400, kind=failure.type, param=failure.param, code=failure.code
    )


def _failed(failures: Sequence[Failure], exclusions: Sequence[Exclusion], retry_after_seconds: float | None) -> AIEngineError:
    last = failures[-1]
    kinds = {failure.kind for failure in failures} | _causes(exclusions)
    if kinds == {FailureClass.MODEL_NOT_FOUND}:
        return ModelNotFound(f"No provider serves the model any more: {last.message}", param="model", code="model_not_found")
    if kinds == {FailureClass.RATE_LIMIT}:
        return RateLimited(
            "Every provider key for this model is rate limited; wait as Retry-After says.",
            retry_after_seconds=retry_after_seconds,
            code="rate_limit_exceeded",
        )
    tried = f"{len(failures)} attempt{'s' if len(failures) > 1 else ''} failed; the last one: {last.message}"
    if kinds <= _KEY_REFUSED:
        return _keys_refused(tried)
    if any(failure.kind is FailureClass.SERVER_ERROR and failure.status in _OVERLOADED for failure in failures):
        return Overloaded(tried, retry_after_seconds=retry_after_seconds, code="overloaded")
    if last.kind is FailureClass.TIMEOUT:
        return DeadlineExceeded(tried, retry_after_seconds=retry_after_seconds, code="upstream_timeout")
    if all(failure.blame is Blame.KEY for failure in failures):
        return NoRouteAvailable(
            "No provider key for this model is usable any more: " + tried,
            retry_after_seconds=retry_after_seconds,
            code="no_usable_key",
        )
    return AttemptsFailed(tried, retry_after_seconds=retry_after_seconds, code="upstream_error")


def _keys_refused(why: str) -> ProviderKeyInvalid:
    return ProviderKeyInvalid(
        f"Every provider key for this model is refused by its provider ({why.rstrip('.')}); "
        "the gateway's operator must replace it.",
        code="provider_key_invalid",
    )


def _causes(exclusions: Sequence[Exclusion]) -> set[FailureClass | None]:
    """Why routes are out for a while; those that could not serve the request anyway do not count."""
    return {one.cause for one in exclusions if one.reason in (ExclusionReason.FLAGGED, ExclusionReason.KEYS_IN_COOLDOWN)}


def _unknown(model: str, *, is_still_listing: bool, why: str | None) -> AIEngineError:
    if is_still_listing:
        return NoRouteAvailable(
            f"No provider is known to serve {model!r}. A provider's model list is still loading; try again in a moment.",
            retry_after_seconds=_LISTING_SECONDS,
            code="model_list_pending",
        )
    return ModelNotFound(
        f"No provider serves a model named {model!r}; {why or 'GET /v1/models lists the available models'}.",
        param="model",
        code="model_not_found",
    )


def _all_out(model: str, exclusions: Sequence[Exclusion], retry_after_seconds: float | None) -> AIEngineError:
    reasons = (
        "; ".join(dict.fromkeys(f"{one.candidate.route}: {one.detail}" for one in exclusions)) or "all are probed at the moment"
    )
    if exclusions and all(one.reason.is_capability for one in exclusions):
        return InvalidRequest(
            f"No route of {model!r} can serve this request ({reasons}).", param="model", code="unsupported_by_model"
        )
    if exclusions and all(one.reason is ExclusionReason.EXCLUDED or one.reason.is_capability for one in exclusions):
        return InvalidRequest(f"The request's own preferences leave no route of {model!r} ({reasons}).", param="provider")
    causes = _causes(exclusions)
    if causes and causes <= _KEY_REFUSED:
        return _keys_refused(reasons)
    if causes == {FailureClass.RATE_LIMIT}:
        return RateLimited(
            f"Every provider key for {model!r} is rate limited; wait as Retry-After says.",
            retry_after_seconds=retry_after_seconds,
            code="rate_limit_exceeded",
        )
    return NoRouteAvailable(f"Every route of {model!r} is out of rotation ({reasons}).", retry_after_seconds=retry_after_seconds)
