"""What the caller is told, for every mix of what was planned and what was tried."""

import pytest

from ai_engine.autodecide.candidates import Candidate, Exclusion, ExclusionReason
from ai_engine.autodecide.plan import Plan
from ai_engine.catalogue.model_names import MatchKind
from ai_engine.catalogue.snapshot import CatalogueEntry
from ai_engine.errors import (
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
    Unavailable,
)
from ai_engine.names import Blame, Route
from ai_engine.providers.failures import FailureClass
from ai_engine.relay.final_error import final_error
from tests.builders import failure, provider

LIMIT, QUOTA, KEY, FORBIDDEN = FailureClass.RATE_LIMIT, FailureClass.QUOTA, FailureClass.INVALID_KEY, FailureClass.FORBIDDEN
DOWN, SILENT, MISSING = FailureClass.SERVER_ERROR, FailureClass.TIMEOUT, FailureClass.MODEL_NOT_FOUND


def exclusion(reason: ExclusionReason, cause: FailureClass | None = None) -> Exclusion:
    candidate = Candidate(provider("alpha"), CatalogueEntry(Route("alpha", "tiny")), MatchKind.EXACT)
    return Exclusion(candidate, reason, "for a reason", cause=cause)


def plan(*left: Exclusion) -> Plan:
    return Plan("tiny", (), left, "score")


UNKNOWN = exclusion(ExclusionReason.KEYS_IN_COOLDOWN, KEY)
RESTS = exclusion(ExclusionReason.KEYS_IN_COOLDOWN, LIMIT)
SPENT = exclusion(ExclusionReason.KEYS_IN_COOLDOWN, QUOTA)
FLAGGED = exclusion(ExclusionReason.FLAGGED, DOWN)
OFF, KEYLESS = exclusion(ExclusionReason.DISABLED), exclusion(ExclusionReason.NO_KEY)
BLIND, UNWANTED = exclusion(ExclusionReason.LACKS_IMAGES), exclusion(ExclusionReason.EXCLUDED)


@pytest.mark.parametrize(
    ("kinds", "left", "error"),
    [
        ([FailureClass.BAD_REQUEST], [], RefusedByProvider),
        ([DOWN, FailureClass.CONTENT_FILTER], [], RefusedByProvider),
        ([FailureClass.CONTEXT_LENGTH, DOWN], [], RefusedByProvider),
        ([LIMIT, LIMIT], [], RateLimited),
        ([LIMIT], [RESTS], RateLimited),
        ([LIMIT], [OFF, BLIND], RateLimited),
        ([LIMIT], [FLAGGED], NoRouteAvailable),
        ([LIMIT, DOWN], [], AttemptsFailed),
        ([LIMIT, KEY], [], NoRouteAvailable),
        ([KEY, FORBIDDEN, QUOTA], [], NoRouteAvailable),
        ([KEY], [], ProviderKeyInvalid),
        ([KEY, FORBIDDEN], [], ProviderKeyInvalid),
        ([KEY], [UNKNOWN, OFF, BLIND], ProviderKeyInvalid),
        ([KEY], [RESTS], NoRouteAvailable),
        ([KEY], [FLAGGED], NoRouteAvailable),
        ([KEY, DOWN], [], AttemptsFailed),
        ([], [UNKNOWN], ProviderKeyInvalid),
        ([], [UNKNOWN, KEYLESS], ProviderKeyInvalid),
        ([], [UNKNOWN, RESTS], NoRouteAvailable),
        ([MISSING, MISSING], [], ModelNotFound),
        ([MISSING], [RESTS], AttemptsFailed),
        ([MISSING, DOWN], [], AttemptsFailed),
        ([DOWN, SILENT], [], DeadlineExceeded),
        ([SILENT, DOWN], [], AttemptsFailed),
        ([FailureClass.CONNECTION_FAILED], [], AttemptsFailed),
        ([], [], ModelNotFound),
        ([], [RESTS], RateLimited),
        ([], [RESTS, OFF, KEYLESS], RateLimited),
        ([], [RESTS, FLAGGED], NoRouteAvailable),
        ([], [RESTS, SPENT], NoRouteAvailable),
        ([], [FLAGGED], NoRouteAvailable),
        ([], [OFF], NoRouteAvailable),
        ([], [BLIND], InvalidRequest),
        ([], [UNWANTED], InvalidRequest),
        ([], [BLIND, UNWANTED], InvalidRequest),
        ([], [BLIND, OFF], NoRouteAvailable),
    ],
)
def test_the_mix_decides_what_is_told(kinds: list[FailureClass], left: list[Exclusion], error: type[Exception]) -> None:
    assert type(final_error([plan(*left)], [failure(kind) for kind in kinds])) is error


@pytest.mark.parametrize("status", [503, 529])
def test_an_overloaded_provider_may_be_asked_again(status: int) -> None:
    busy = failure(DOWN, status=status)
    for failures in ([busy], [busy, failure(DOWN)], [failure(KEY), busy], [busy, failure(SILENT)]):
        assert isinstance(final_error([plan()], failures), Overloaded)


def test_a_request_that_fits_no_route_is_told_in_the_first_providers_words() -> None:
    unfit = failure(FailureClass.BAD_REQUEST, blame=Blame.FIT, status=404, param="model")
    error = final_error([plan()], [unfit, unfit])
    assert isinstance(error, RefusedByProvider)
    assert (error.status, error.param) == (404, "model")
    assert isinstance(final_error([plan()], [unfit, failure(DOWN)]), AttemptsFailed)
    assert isinstance(final_error([plan(RESTS)], [unfit], retry_after_seconds=7), AttemptsFailed)


def test_the_clients_own_fault_is_told_as_the_provider_worded_it() -> None:
    own = failure(FailureClass.BAD_REQUEST, status=422, code="odd", type="invalid_request_error", param="temperature")
    error = final_error([plan()], [failure(DOWN), own])
    assert isinstance(error, RefusedByProvider)
    assert (error.message, error.status, error.code, error.kind, error.param) == (
        "bad_request happened",
        422,
        "odd",
        "invalid_request_error",
        "temperature",
    )


def test_a_fault_that_one_provider_found_comes_before_a_path_that_another_lacks() -> None:
    lacking = failure(FailureClass.BAD_REQUEST, status=404)
    error = final_error([plan()], [lacking, failure(FailureClass.BAD_REQUEST)])
    assert isinstance(error, RefusedByProvider)
    assert error.status == 400


def test_the_soonest_return_is_passed_on() -> None:
    for kinds in ([LIMIT], [DOWN], [SILENT], [KEY], []):
        error = final_error([plan(RESTS)], [failure(kind) for kind in kinds], retry_after_seconds=7)
        assert isinstance(error, Unavailable)
        assert error.retry_after_seconds == 7


def test_no_provider_at_all_comes_before_an_unknown_model() -> None:
    assert isinstance(final_error([plan()], [], has_usable_provider=False), NoProviderConfigured)


def test_a_name_nobody_knows_yet_may_be_known_in_a_moment() -> None:
    error = final_error([plan()], [], is_still_listing=True)
    assert isinstance(error, NoRouteAvailable)
    assert (error.code, error.retry_after_seconds) == ("model_list_pending", 1)


def test_the_first_model_asked_for_is_the_one_that_is_named() -> None:
    error = final_error([plan(), Plan("fallback", (), (), "score")], [])
    assert "'tiny'" in error.message
