"""Configuration and baseline turned into what back ends alert on."""
