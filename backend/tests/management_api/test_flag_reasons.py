"""`FlagReason` is a closed list: it has whatever can take something out of rotation, and nothing else."""

from ai_engine.autodecide.candidates import ExclusionReason
from ai_engine.management_api.schemas import FlagReason
from ai_engine.names import Blame
from ai_engine.providers.failures import FailureClass
from tests.builders import failure


def test_a_flag_has_the_class_of_a_failure_that_opens_a_circuit_or_starts_a_cooldown_or_what_an_operator_did() -> None:
    failures = {kind.value for kind in FailureClass if failure(kind).blame not in (Blame.REQUEST, Blame.MODEL)}
    by_hand = {ExclusionReason.DRAINED.value, ExclusionReason.DISABLED.value, ExclusionReason.NO_KEY.value}
    assert {reason.value for reason in FlagReason} == failures | by_hand
