"""What the runbook says of each alert, a family a file."""
