"""What is done beside the battery with a telephone, and hand-overs between two companies: one scan, both reports."""
