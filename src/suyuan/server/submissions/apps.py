"""Submissions as a Django app."""

from django.apps import AppConfig


class SubmissionsConfig(AppConfig):
    """Received bytes, submissions and their results."""

    name = "suyuan.server.submissions"
    label = "submissions"
