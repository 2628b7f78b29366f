import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ai_engine.database import Database, migrate, open_database
from ai_engine.upstream.port import Upstream
from tests.contracts.databases import DATABASES, fresh_database_url
from tests.contracts.upstream_engines import ENGINES, EngineFactory
from tests.fakes.needed import go_without


@pytest.fixture(params=ENGINES)
def make_engine(request: pytest.FixtureRequest) -> EngineFactory:
    factory: EngineFactory = request.param
    return factory


@pytest.fixture
async def engine(make_engine: EngineFactory) -> AsyncIterator[Upstream]:
    engine = make_engine()
    yield engine
    await engine.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for `localhost`, with its private key, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        go_without("The openssl program is missing, so no TLS is tried out.")
    folder = tmp_path_factory.mktemp("certificate")
    command = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(
        [openssl, *command.split(), *names, "-keyout", "key.pem", "-out", "certificate.pem"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    both = folder / "both.pem"
    both.write_text((folder / "key.pem").read_text() + (folder / "certificate.pem").read_text())
    return both


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
async def trusting_engine(make_engine: EngineFactory, certificate: Path) -> AsyncIterator[Upstream]:
    engine = make_engine(tls=ssl.create_default_context(cafile=str(certificate)))
    yield engine
    await engine.close()


@pytest.fixture(params=DATABASES)
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A migrated, empty database, once of each kind."""
    async with fresh_database_url(request.param, tmp_path) as url:
        database = await open_database(url)
        await migrate(database)
        await database.close()
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await open_database(database_url)
    yield database
    await database.close()
