"""What the service costs, beside the naive ways and the limits, in one run: `python -m benchmarks`."""
