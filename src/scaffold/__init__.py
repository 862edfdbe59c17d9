"""Start an ML team's repository in one command and keep it up to date for years."""

__version__ = "0.6.0"
