"""The chatbots as models of OpenAI's API: ``GET /v1/models`` and ``POST /v1/chat/completions``, so that
programs written for it need only another base URL and key."""
