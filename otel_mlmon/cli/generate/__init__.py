"""The subcommand ``generate``: what back ends alert on, written from the configuration."""
