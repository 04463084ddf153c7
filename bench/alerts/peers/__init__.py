"""What teams use today, hourly on the same rows: fixed thresholds, evidently's and nannyml's default drift tests."""
