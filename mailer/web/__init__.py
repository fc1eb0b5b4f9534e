"""Pages: what customers and monitors meet over HTTP."""
