"""Speed, measured on this machine: `python -m tests.benchmarks`."""
