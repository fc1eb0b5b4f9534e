"""What providers tell by HTTP: what proves it, and what it means."""
