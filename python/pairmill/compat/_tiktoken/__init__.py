# What pairmill.compat.tiktoken is made of.
# SPDX-License-Identifier: MIT
