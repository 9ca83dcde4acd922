"""Submissions (报送): what a company sends, from the bytes received to the result it gets back."""
