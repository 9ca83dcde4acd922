"""Witnesses, mirrors and comparison of logs: processes with folders and keys of their own, and no database of ours."""
