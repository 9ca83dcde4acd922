"""The addresses for machines that watch this one."""

from django.urls import path

from suyuan.server.operation.views import health, metrics, ready

urlpatterns = [
    path("health", health, name="health"),
    path("ready", ready, name="ready"),
    path("metrics", metrics, name="metrics"),
]
