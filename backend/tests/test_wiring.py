from ai_engine.providers.registry.definition import WireProtocol
from ai_engine.wiring.routing import ADAPTERS


def test_every_protocol_has_an_adapter() -> None:
    assert set(ADAPTERS) == set(WireProtocol)
