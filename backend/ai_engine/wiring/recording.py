"""What records: the ledger with its spool, counters, traces and logs."""

from dataclasses import dataclass
from datetime import timedelta

from ai_engine.autodecide.decision_log import DecisionLog
from ai_engine.clock import Clock, system_chance
from ai_engine.configuration import LiveConfiguration
from ai_engine.database import Database
from ai_engine.ledger.drainer import Drainer
from ai_engine.ledger.repository import SqlLedger
from ai_engine.ledger.retention import Retention
from ai_engine.ledger.spool import SpoolWriter
from ai_engine.ledger.statistics import RollupRetention
from ai_engine.telemetry.logs import EventLog, Logs
from ai_engine.telemetry.metrics import Metrics
from ai_engine.telemetry.performance import Performance
from ai_engine.telemetry.traces import Traces
from ai_engine.wiring.tuning import Tuning


@dataclass(frozen=True, slots=True)
class Recording:
    ledger: SqlLedger
    spool: SpoolWriter
    drainer: Drainer
    kept: RollupRetention
    retention: Retention
    performance: Performance
    metrics: Metrics
    event_log: EventLog
    decision_log: DecisionLog | None
    traces: Traces | None


def build_recording(configuration: LiveConfiguration, logs: Logs, clock: Clock, tuning: Tuning, database: Database) -> Recording:
    """Raises `ConfigurationError`."""
    settings, ledger, kept = configuration.current.settings, SqlLedger(database), RollupRetention()
    block_log = logs.block_log(clock)
    endpoint = settings.otlp_endpoint
    return Recording(
        ledger,
        SpoolWriter(settings.spool_dir, clock, limit_bytes=tuning.spool_limit_bytes),
        Drainer(settings.spool_dir, ledger, clock, system_chance),
        kept,
        Retention(ledger, clock, lambda: timedelta(days=configuration.current.settings.retention_days), kept),
        Performance(clock),
        Metrics(),
        logs.event_log(clock),
        DecisionLog(block_log) if block_log else None,
        Traces.exported_to(endpoint.get_secret_value(), clock) if endpoint else None,
    )
