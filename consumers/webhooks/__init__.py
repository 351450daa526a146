"""Webhooks: events on their way to the endpoints of integrators."""
