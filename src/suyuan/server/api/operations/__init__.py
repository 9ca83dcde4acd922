"""What can be asked over HTTP, one module a subject; each function is one operation."""
