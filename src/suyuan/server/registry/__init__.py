"""Companies, their sites and roles, vendor codes and the filings of coding rules."""
