"""The base of every model: payloads, answers of services, what is kept in Redis."""

import pydantic


class BaseModel(pydantic.BaseModel):
    """Its validation errors say which field is wrong and why, and never quote what was in it: that
    may be a customer's words or a secret, and errors end up in logs."""

    model_config = pydantic.ConfigDict(hide_input_in_errors=True)
