"""What: a template and a person become a letter."""
