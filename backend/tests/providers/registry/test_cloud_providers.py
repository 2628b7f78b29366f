"""Providers that use a cloud's credentials where they have no key, and whose addresses have several forms."""

import pytest

from ai_engine.errors import ConfigurationError
from ai_engine.providers.cloud_credentials import Cloud
from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.providers.registry.readiness import credentials, obstacle
from ai_engine.providers.registry.resolution import clouds_of, resolve
from ai_engine.settings import ConfigFile, Settings


def resolved(name: str, environment: dict[str, str], file: dict[str, object] | None = None) -> ProviderDefinition:
    section = {"providers": [{"name": name, **file}]} if file is not None else {}
    return resolve(environment, Settings(), ConfigFile.model_validate(section))[name]


@pytest.mark.parametrize(
    ("environment", "region"),
    [
        ({"BEDROCK_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_REGION": "us-west-2"}, "us-west-2"),
        ({"AWS_DEFAULT_REGION": "us-west-2", "AWS_REGION": "ap-south-1"}, "ap-south-1"),
        ({"BEDROCK_REGION": "eu-west-1", "AWS_REGION": "us-west-2"}, "eu-west-1"),
    ],
)
def test_with_a_key_bedrock_uses_the_region_that_is_set(environment: dict[str, str], region: str) -> None:
    row = resolved("bedrock", {"AWS_BEARER_TOKEN_BEDROCK": "key-1", "AWS_BEARER_TOKEN_BEDROCK_2": "key-2", **environment})
    assert (row.base_url, row.region) == (f"https://bedrock-runtime.{region}.amazonaws.com", region)
    assert (row.is_configured, len(row.keys), row.cloud) == (True, 2, None)


def test_without_a_key_bedrock_s_own_variable_selects_aws_credentials() -> None:
    row = resolved("bedrock", {"BEDROCK_REGION": "eu-west-1"})
    assert (row.is_configured, row.needs_key, row.cloud, credentials(row)) == (True, False, Cloud.AWS, "AWS credentials")


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        (
            {"AWS_REGION": "us-west-2", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"},
            "needs AWS_BEARER_TOKEN_BEDROCK, or BEDROCK_REGION alone to use AWS credentials",
        ),
        ({}, "needs AWS_BEARER_TOKEN_BEDROCK and BEDROCK_REGION, or BEDROCK_REGION alone to use AWS credentials"),
        ({"AWS_BEARER_TOKEN_BEDROCK": "key-1"}, "needs BEDROCK_REGION"),
    ],
)
def test_other_programs_variables_configure_nothing(environment: dict[str, str], reason: str) -> None:
    row = resolved("bedrock", environment)
    assert not row.is_configured
    assert obstacle(row) == reason


def test_a_base_url_replaces_bedrock_s() -> None:
    environment = {
        "BEDROCK_REGION": "eu-west-1",
        "BEDROCK_BASE_URL": "https://vpce-1.bedrock-runtime.eu-west-2.vpce.amazonaws.com",
    }
    row = resolved("bedrock", environment)
    assert (row.base_url, row.region) == (environment["BEDROCK_BASE_URL"], "eu-west-2")
    row = resolved("bedrock", {**environment, "BEDROCK_BASE_URL": "https://proxy.example/aws"})
    assert (row.base_url, row.region) == ("https://proxy.example/aws", "eu-west-1")


def test_a_second_account_s_region_is_a_provider_of_the_file() -> None:
    address = "https://bedrock-runtime.us-east-2.amazonaws.com"
    row = resolved("ohio", {}, {"protocol": "bedrock", "base_url": address, "auth": "aws"})
    assert (row.is_configured, row.region, row.cloud, row.key_variable) == (True, "us-east-2", Cloud.AWS, None)
    row = resolved("ohio", {"OHIO_API_KEY": "key-1"}, {"protocol": "bedrock", "base_url": address})
    assert (row.is_configured, row.cloud) == (True, None)


def test_an_address_without_a_region_needs_one_to_sign_for() -> None:
    file: dict[str, object] = {"protocol": "bedrock", "base_url": "https://proxy.example/aws", "auth": "aws"}
    with pytest.raises(ConfigurationError, match="BEDROCK_REGION"):
        resolved("ohio", {}, file)
    assert resolved("ohio", {"AWS_REGION": "us-east-2"}, file).region == "us-east-2"


def test_credentials_and_a_key_s_variable_contradict_each_other() -> None:
    with pytest.raises(ConfigurationError, match="auth: aws"):
        resolved("bedrock", {}, {"auth": "aws", "api_key_env": "MY_KEY"})


@pytest.mark.parametrize(
    ("location", "host"),
    [
        (None, "aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("us", "aiplatform.us.rep.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("us-central1", "us-central1-aiplatform.googleapis.com"),
        ("europe-west1", "europe-west1-aiplatform.googleapis.com"),
    ],
)
def test_vertex_has_a_host_for_each_location(location: str | None, host: str) -> None:
    row = resolved("vertex", {"VERTEX_PROJECT": "mine", **({"VERTEX_LOCATION": location} if location else {})})
    assert row.base_url == f"https://{host}/v1/projects/mine/locations/{location or 'global'}"
    assert (row.is_configured, row.needs_key, row.cloud, credentials(row)) == (
        True,
        False,
        Cloud.GOOGLE,
        "Google Cloud credentials",
    )


def test_with_a_key_only_vertex_needs_no_project() -> None:
    row = resolved("vertex", {"VERTEX_API_KEY": "key-1"})
    assert (row.base_url, row.is_configured, row.cloud) == ("https://aiplatform.googleapis.com/v1", True, None)
    row = resolved("vertex", {"VERTEX_API_KEY": "key-1", "VERTEX_PROJECT": "mine"})
    assert (row.base_url, row.cloud) == ("https://aiplatform.googleapis.com/v1/projects/mine/locations/global", None)


def test_readiness_names_what_vertex_needs() -> None:
    assert obstacle(resolved("vertex", {"GOOGLE_APPLICATION_CREDENTIALS": "/a.json"})) == (
        "needs VERTEX_API_KEY, or VERTEX_PROJECT alone to use Google Cloud credentials"
    )


@pytest.mark.parametrize("variable", ["BEDROCK_REGION", "VERTEX_PROJECT", "VERTEX_LOCATION"])
def test_a_part_of_an_address_has_only_plain_characters(variable: str) -> None:
    with pytest.raises(ConfigurationError, match=variable):
        resolved("bedrock" if "BEDROCK" in variable else "vertex", {"VERTEX_PROJECT": "mine", variable: "a/../b"})


def test_each_cloud_gets_its_variables_that_are_set() -> None:
    environment = {
        "BEDROCK_REGION": "eu-west-1",
        "AWS_PROFILE": "work",
        "AWS_ACCESS_KEY_ID": "",
        "VERTEX_PROJECT": "mine",
        "HOME": "/",
    }
    rows = resolve(environment, Settings(), ConfigFile()).values()
    assert clouds_of(rows, environment) == {Cloud.AWS: {"AWS_PROFILE": "work"}, Cloud.GOOGLE: {}}
    assert clouds_of(resolve({}, Settings(), ConfigFile()).values(), environment) == {}
