"""The operator's configuration: environment variables with `.env` (`environment`) and the optional YAML file (`file`)."""

from ai_engine.settings.environment import Environment, Settings, read_environment
from ai_engine.settings.file import ConfigFile, read_config_file

__all__ = ["ConfigFile", "Environment", "Settings", "read_config_file", "read_environment"]
