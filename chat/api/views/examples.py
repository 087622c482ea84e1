"""What the schema shows of chatbots and web chats."""

from __future__ import annotations

from typing import Any

from chat.shapes import chatbots, web_chats

ORGANIZATION = "0f6a4a4e-0d0c-4c93-b7a5-6b1d7b6f5c03"
CHATBOT_ID = "1b0c9a0e-6a64-4d1c-8f57-0a3d5a7f4f01"
WEB_CHAT_ID = "c2d3f3a7-3f0e-4b57-9a2b-5f5b8f1c7e02"
MODEL = "ba7da66a-6f30-414d-98f8-7d681a92d47a"

CHATBOT_INPUT: dict[str, Any] = {
    "name": "Guide",
    "largeLanguageModel": MODEL,
    "rag": chatbots.RAG,
    "instructions": "Answer briefly, with the source.",
    "webhookUrl": "https://example.com/webhook",
}
CHATBOT: dict[str, Any] = {
    **chatbots.OPTIONS,
    **CHATBOT_INPUT,
    "id": CHATBOT_ID,
    "avatar": None,
    "organization": ORGANIZATION,
    "workflow": None,
    "apiWebChatId": WEB_CHAT_ID,
    "totalWordsCount": 0,
    "databaseUrl": None,
    "groups": [],
    "knowledgeBases": [{"id": "5b6a7b5e-52b8-4a38-8a0e-b0c1a1a3c8f0", "name": "Documentation"}],
    "toolkits": [],
    "tools": [],
    "createdAt": "1748314926000",
    "updatedAt": "1748314926000",
}
CHATBOT_ROW: dict[str, Any] = {
    "id": CHATBOT_ID,
    "name": "Guide",
    "largeLanguageModel": {"id": MODEL, "name": "The server's own", "isDefault": True},
    "rag": {
        "id": chatbots.RAG,
        "name": "Parley",
        "isDefault": True,
        "isEmbeddingModelSelectable": False,
        "isRerankerModelSelectable": False,
        "isOutputFormatAvailable": False,
    },
    "embeddingModel": None,
    "rerankerModel": None,
    "enableChineseConversion": False,
    "updatedAt": "1748314926000",
}
WEB_CHAT: dict[str, Any] = {
    **web_chats.OPTIONS,
    "id": WEB_CHAT_ID,
    "name": "Shop",
    "accessType": "web",
    "isActive": True,
    "enableAnonymous": True,
    "displayGreeting": "What can I do for you?",
    "displayConversationStarters": ["Where is my parcel?"],
    "theme": web_chats.THEME,
    "darkTheme": web_chats.DARK_THEME,
    "inbox": "7d5b4b5e-7f0a-4a3e-9c39-1b1f0d3f2a10",
}
