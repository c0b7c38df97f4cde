# Which encoding each of OpenAI's models uses.
# SPDX-License-Identifier: MIT
from __future__ import annotations

# Encoding: models by their whole names; how the names of others begin.
_MODELS = {
    "o200k_harmony": ("", "gpt-oss-"),
    "o200k_base": (
        "o1 o3 o4-mini gpt-4o gpt-4.1 gpt-5",
        "o1- o3- o4-mini- gpt-4o- chatgpt-4o- gpt-4.1- gpt-4.5- gpt-5 ft:gpt-4o"),
    "cl100k_base": (
        "gpt-4 gpt-3.5 gpt-3.5-turbo gpt-35-turbo davinci-002 babbage-002 "
        "text-embedding-ada-002 text-embedding-3-small text-embedding-3-large",
        "gpt-4- gpt-3.5-turbo- gpt-35-turbo- ft:gpt-4 ft:gpt-3.5-turbo ft:davinci-002 "
        "ft:babbage-002"),
    "p50k_base": (
        "text-davinci-002 text-davinci-003 code-davinci-001 code-davinci-002 code-cushman-001 "
        "code-cushman-002 davinci-codex cushman-codex", ""),
    "p50k_edit": ("text-davinci-edit-001 code-davinci-edit-001", ""),
    "r50k_base": (
        "ada babbage curie davinci "
        "text-ada-001 text-babbage-001 text-curie-001 text-davinci-001 "
        "text-similarity-ada-001 text-similarity-babbage-001 text-similarity-curie-001 "
        "text-similarity-davinci-001 text-search-ada-doc-001 text-search-babbage-doc-001 "
        "text-search-curie-doc-001 text-search-davinci-doc-001 "
        "code-search-ada-code-001 code-search-babbage-code-001", ""),
    "gpt2": ("gpt2 gpt-2", ""),
}

_WHOLE = {model: encoding for encoding, (names, _) in _MODELS.items() for model in names.split()}
_BEGINNINGS = sorted(((beginning, encoding) for encoding, (_, beginnings) in _MODELS.items()
                      for beginning in beginnings.split()), key=lambda row: -len(row[0]))


def encoding_name_for_model(model_name: str) -> str:
    """The name of the encoding that a model uses: by its whole name, else by how it begins.

    Raises KeyError for a model that isn't known.
    """
    if model_name in _WHOLE:
        return _WHOLE[model_name]
    for beginning, encoding in _BEGINNINGS:
        if model_name.startswith(beginning):
            return encoding
    raise KeyError(f"the encoding of the model {model_name!r} is not known: "
                   "get_encoding takes the name of an encoding")
