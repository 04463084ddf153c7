"""Quality checks: heuristics that people understand, asked of every prediction and counted as passes and fails."""
