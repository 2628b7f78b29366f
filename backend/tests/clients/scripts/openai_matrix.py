"""The openai SDK: chat completions and the responses API. See reporting.py."""

import openai
import openai_chat
import openai_responses
from reporting import main

main("openai-python", openai.__version__, {"chat": openai_chat.FEATURES, "responses": openai_responses.FEATURES})
