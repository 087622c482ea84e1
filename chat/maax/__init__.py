"""MAAX AI's conversation API (V1): prospects are contacts, its AIs are chatbots. ``docs/maax.md`` says what
is decided where its own documentation says nothing."""
