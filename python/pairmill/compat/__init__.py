# Other libraries' interfaces over pairmill.
# SPDX-License-Identifier: MIT
"""Drop-in replacements: ``pairmill.compat.tiktoken`` for the package ``tiktoken``."""
