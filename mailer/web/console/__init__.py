"""The console for the staff: the queue, tickets, and who did what."""
