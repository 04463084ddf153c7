"""Recording rules: figures that alerts and dashboards ask for, computed once."""
