"""The one place that opens sockets; a server's answer becomes a value here."""
