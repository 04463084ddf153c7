"""PromQL as typed pieces: made, printed for people, rewritten."""
