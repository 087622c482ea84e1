"""Outgoing webhooks: each finished outgoing message is sent to the address that its chatbot's owner gave."""
