"""What every server room shares: scope, clock, ids, errors over HTTP, paging and the embedded database."""
