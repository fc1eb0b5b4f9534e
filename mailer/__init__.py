"""An email and permission-marketing engine."""
