"""See optimizers race down a loss surface."""

__version__ = "0.1.0"
