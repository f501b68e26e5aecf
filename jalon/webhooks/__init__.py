"""Webhooks: where they may go, how one is sent, and the queues that see to it that each arrives."""
