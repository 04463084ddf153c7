"""What to do first when an alert fires, a page a model."""
