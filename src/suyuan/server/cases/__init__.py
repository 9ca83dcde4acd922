"""Cases: a finding or an overdue duty that an authority takes up, from its opening to its outcome, step by step."""
