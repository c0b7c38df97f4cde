# The encoding benchmark: `python -m bench.encode`, started by `tools/bench.sh encode`.
# SPDX-License-Identifier: MIT
