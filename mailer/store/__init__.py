"""The one place that knows SQL; rows never leave it."""
