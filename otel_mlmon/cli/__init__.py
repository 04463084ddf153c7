"""The command ``otel-mlmon``; nothing else in the package imports it."""
