"""Running an installation: backup and restore, readiness, figures for monitoring."""
