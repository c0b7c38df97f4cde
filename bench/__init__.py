# The benchmark harness: `python -m bench`, started by `make bench`.
# SPDX-License-Identifier: MIT
