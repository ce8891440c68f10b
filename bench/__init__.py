"""The benchmarks, each beside its peer in the same run."""
