"""Programs of the benchmark that need a process of their own; each prints its figures."""
