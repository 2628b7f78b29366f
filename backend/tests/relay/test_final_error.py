"""What the caller is told, for every mix of what was planned and what was tried."""

import pytest

from ai_engine.autodecide.candidates import LeftOut, Possible, Reason
from ai_engine.autodecide.plan import Plan
from ai_engine.catalogue.model_names import Rung
from ai_engine.catalogue.snapshot import CatalogueEntry
from ai_engine.errors import (
    AttemptsFailed,
    DeadlinePassed,
    InvalidRequest,
    ModelNotFound,
    NoProviderConfigured,
    RateLimited,
    RefusedByProvider,
    RoutesOut,
    Unavailable,
)
from ai_engine.names import Route
from ai_engine.providers.failures import FailureClass
from ai_engine.relay.final_error import verdict
from tests.builders import failure, provider

LIMIT, QUOTA, KEY, FORBIDDEN = FailureClass.RATE_LIMIT, FailureClass.QUOTA, FailureClass.INVALID_KEY, FailureClass.FORBIDDEN
DOWN, SILENT, MISSING = FailureClass.SERVER_ERROR, FailureClass.SILENT, FailureClass.MODEL_NOT_FOUND


def left_out(reason: Reason, cause: FailureClass | None = None) -> LeftOut:
    possible = Possible(provider("alpha"), CatalogueEntry(Route("alpha", "tiny")), Rung.EXACT)
    return LeftOut(possible, reason, "for a reason", cause=cause)


def plan(*left: LeftOut) -> Plan:
    return Plan("tiny", (), left, "score")


RESTS = left_out(Reason.KEYS_RESTING, LIMIT)
SPENT = left_out(Reason.KEYS_RESTING, QUOTA)
FLAGGED = left_out(Reason.FLAGGED, DOWN)
OFF, KEYLESS = left_out(Reason.DISABLED), left_out(Reason.NO_KEY)
BLIND, UNWANTED = left_out(Reason.LACKS_IMAGES), left_out(Reason.EXCLUDED)


@pytest.mark.parametrize(
    ("kinds", "left", "told"),
    [
        ([FailureClass.BAD_REQUEST], [], RefusedByProvider),
        ([DOWN, FailureClass.CONTENT_FILTER], [], RefusedByProvider),
        ([FailureClass.CONTEXT_LENGTH, DOWN], [], RefusedByProvider),
        ([LIMIT, LIMIT], [], RateLimited),
        ([LIMIT], [RESTS], RateLimited),
        ([LIMIT], [OFF, BLIND], RateLimited),
        ([LIMIT], [FLAGGED], RoutesOut),
        ([LIMIT, DOWN], [], AttemptsFailed),
        ([LIMIT, KEY], [], RoutesOut),
        ([KEY, FORBIDDEN, QUOTA], [], RoutesOut),
        ([MISSING, MISSING], [], ModelNotFound),
        ([MISSING], [RESTS], AttemptsFailed),
        ([MISSING, DOWN], [], AttemptsFailed),
        ([DOWN, SILENT], [], DeadlinePassed),
        ([SILENT, DOWN], [], AttemptsFailed),
        ([FailureClass.CONNECT], [], AttemptsFailed),
        ([], [], ModelNotFound),
        ([], [RESTS], RateLimited),
        ([], [RESTS, OFF, KEYLESS], RateLimited),
        ([], [RESTS, FLAGGED], RoutesOut),
        ([], [RESTS, SPENT], RoutesOut),
        ([], [FLAGGED], RoutesOut),
        ([], [OFF], RoutesOut),
        ([], [BLIND], InvalidRequest),
        ([], [UNWANTED], InvalidRequest),
        ([], [BLIND, UNWANTED], InvalidRequest),
        ([], [BLIND, OFF], RoutesOut),
    ],
)
def test_the_mix_decides_what_is_told(kinds: list[FailureClass], left: list[LeftOut], told: type[Exception]) -> None:
    assert type(verdict([plan(*left)], [failure(kind) for kind in kinds])) is told


def test_the_clients_own_fault_is_told_as_the_provider_worded_it() -> None:
    own = failure(FailureClass.BAD_REQUEST, status=422, code="odd", type="invalid_request_error", param="temperature")
    told = verdict([plan()], [failure(DOWN), own])
    assert isinstance(told, RefusedByProvider)
    assert (told.message, told.status, told.code, told.kind, told.param) == (
        "bad_request happened",
        422,
        "odd",
        "invalid_request_error",
        "temperature",
    )


def test_the_soonest_return_is_passed_on() -> None:
    for kinds in ([LIMIT], [DOWN], [SILENT], [KEY], []):
        told = verdict([plan(RESTS)], [failure(kind) for kind in kinds], soonest_return=7)
        assert isinstance(told, Unavailable)
        assert told.retry_after_seconds == 7


def test_no_provider_at_all_comes_before_an_unknown_model() -> None:
    assert isinstance(verdict([plan()], [], has_usable_provider=False), NoProviderConfigured)


def test_a_name_nobody_knows_yet_may_be_known_in_a_moment() -> None:
    told = verdict([plan()], [], is_still_listing=True)
    assert isinstance(told, RoutesOut)
    assert (told.code, told.retry_after_seconds) == ("catalogue_incomplete", 1)


def test_the_first_model_asked_for_is_the_one_that_is_named() -> None:
    told = verdict([plan(), Plan("fallback", (), (), "score")], [])
    assert "'tiny'" in told.message
