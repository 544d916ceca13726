"""What Clerk costs a request, measured beside a bare Flask view: ``python -m tests.benchmarks``."""
