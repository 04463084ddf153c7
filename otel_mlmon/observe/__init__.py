"""A call's record to observations: values, classes, confidence, segments."""
