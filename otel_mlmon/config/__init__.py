"""The schema of ``mlmon.yaml``, and where values come from: call, environment, file, default, in that order."""
