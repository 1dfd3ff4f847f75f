"""Common money of a residential compound, run as a trust."""

__version__ = "0.1.0"
