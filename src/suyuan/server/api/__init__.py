"""The HTTP API: JSON over the rooms below, its OpenAPI document and a page that explains it."""
