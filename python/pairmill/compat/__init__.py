# Other libraries' interfaces over pairmill.
# SPDX-License-Identifier: MIT
"""Drop-in replacements: ``pairmill.compat.tiktoken`` for the package ``tiktoken``."""
import importlib
import typing

if typing.TYPE_CHECKING:
    from . import tiktoken
else:
    def __getattr__(name: str) -> typing.Any:
        """``pairmill.compat.tiktoken``, imported when first asked for."""
        if name == "tiktoken":
            return importlib.import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

__all__ = ["tiktoken"]
