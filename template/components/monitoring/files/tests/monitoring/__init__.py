"""The monitor and the rules that watch the service."""
