"""The front door: command line, demo and, later, HTTP. Holds no rule of the trade."""

__version__ = "0.1.0"
