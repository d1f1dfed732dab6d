"""Real worker processes under chaos: killed, paused, stopped, their calls to AWS failing."""
