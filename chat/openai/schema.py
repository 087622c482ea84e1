"""What the OpenAPI document says of these calls. They are no views of the REST framework, so a hook adds
them, as they are answered: in snake_case, and with OpenAI's errors."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

CHATBOT = "6b0f7a0e-52b7-4d0c-9d8e-3f6a7c1b2e90"
MODEL = {
    "id": CHATBOT,
    "object": "model",
    "created": 1767258000,
    "owned_by": "parley",
    "name": "Handbook",
}
ASKED = {
    "model": CHATBOT,
    "messages": [
        {"role": "system", "content": "Answer in one sentence."},
        {"role": "user", "content": "When do you open?"},
    ],
}
ANSWERED = {
    "id": "chatcmpl-0c4b8a3c2f6c4c398d1f6f9d8b9c4d02",
    "object": "chat.completion",
    "created": 1767258000,
    "model": CHATBOT,
    "system_fingerprint": None,
    "conversation_id": "5f1f5c0e-0f3a-4a59-9f50-6a6c1f7d2b11",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "At nine.", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 21, "completion_tokens": 3, "total_tokens": 24},
    "citations": [],
}
CHUNK = ANSWERED | {
    "object": "chat.completion.chunk",
    "choices": [{"index": 0, "delta": {"content": "At"}, "logprobs": None, "finish_reason": None}],
}

TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer"}
MAYBE: Json = {"type": "boolean", "nullable": True}


def object_of(properties: Json, *optional: str) -> Json:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


def list_of(items: Json) -> Json:
    return {"type": "array", "items": items}


def one_of(*values: str) -> Json:
    return {"type": "string", "enum": [*values]}


def reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


PART = object_of({"type": one_of("text", "input_text", "output_text"), "text": TEXT})
SAID = object_of(
    {
        "role": one_of("system", "developer", "user", "assistant"),
        "content": {"oneOf": [TEXT, list_of(PART)], "nullable": True},
    },
    "content",
)
OPTIONS = object_of({"include_usage": MAYBE}, "include_usage") | {"nullable": True}
CHOICE = object_of(
    {
        "index": NUMBER,
        "message": object_of(
            {"role": one_of("assistant"), "content": TEXT, "refusal": {"type": "string", "nullable": True}}
        ),
        "logprobs": {"type": "object", "nullable": True},
        "finish_reason": one_of("stop", "length", "content_filter"),
    }
)
USAGE = object_of(dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), NUMBER))
ERROR = object_of({"message": TEXT, "type": TEXT, "param": {**TEXT, "nullable": True}, "code": TEXT})

COMPONENTS = {
    "OpenAiModel": object_of(
        {"id": TEXT, "object": one_of("model"), "created": NUMBER, "owned_by": TEXT, "name": TEXT}
    ),
    "OpenAiModels": object_of({"object": one_of("list"), "data": list_of(reference("OpenAiModel"))}),
    "OpenAiQuestion": object_of(
        {
            "model": {**TEXT, "minLength": 1, "description": "A chatbot's id, or its name."},
            "messages": {
                **list_of(SAID),
                "minItems": 1,
                "description": "The last one is the user's. Those of the system are said to the model after "
                "the chatbot's own instructions.",
            },
            "stream": MAYBE,
            "stream_options": OPTIONS,
            "n": {"type": "integer", "enum": [1], "nullable": True},
        },
        "stream",
        "stream_options",
        "n",
    )
    | {"description": "Other parameters, such as `temperature`, may be sent and change nothing."},
    "OpenAiCompletion": object_of(
        {
            "id": TEXT,
            "object": one_of("chat.completion"),
            "created": NUMBER,
            "model": TEXT,
            "system_fingerprint": {**TEXT, "nullable": True},
            "conversation_id": {**TEXT, "format": "uuid", "description": "Ours."},
            "choices": list_of(CHOICE),
            "usage": USAGE,
            "citations": {**list_of({"type": "object"}), "description": "Ours."},
        }
    ),
    "OpenAiError": object_of({"error": ERROR}),
}

READING = {
    "401": "No key, or one that does not work.",
    "403": "The key has not the scope for this.",
    "429": "Too many requests: `Retry-After` says how many seconds to wait.",
    "503": "Busy: `Retry-After` says how many seconds to wait.",
}
NO_MODEL = {"404": "There is no such model, or it belongs to somebody else: the answer is the same."}
ASKING = {
    **READING,
    **NO_MODEL,
    "400": "What was sent cannot be understood, or is too long.",
    "500": "The reply failed for a reason of ours.",
    "502": "The model failed.",
    "504": "The model took too long.",
}


def body(schema: Json, value: Any, **more: Any) -> Json:
    return {"application/json": {"schema": schema, "examples": {"Example": {"value": value}}}, **more}


def operation(id: str, summary: str, answer: Json, errors: Json, **more: Any) -> Json:
    failed = {"application/json": {"schema": reference("OpenAiError")}}
    return {
        "operationId": id,
        "summary": summary,
        "tags": ["OpenAI"],
        "security": [{"OpenAiKey": []}],
        "responses": {
            "200": {"description": "", "content": answer},
            **{status: {"description": said, "content": failed} for status, said in sorted(errors.items())},
        },
        **more,
    }


STREAM = {
    "schema": {},
    "examples": {"A chunk": {"value": CHUNK}},
}
PATHS = {
    "/v1/models": {
        "get": operation(
            "models_list",
            "List the chatbots as models",
            body(reference("OpenAiModels"), {"object": "list", "data": [MODEL]}),
            READING,
        )
    },
    "/v1/models/{model}": {
        "get": operation(
            "models_retrieve",
            "Get a chatbot as a model",
            body(reference("OpenAiModel"), MODEL),
            READING | NO_MODEL,
            parameters=[
                {
                    "name": "model",
                    "in": "path",
                    "required": True,
                    "schema": TEXT,
                    "description": "A chatbot's id, or its name.",
                }
            ],
        )
    },
    "/v1/chat/completions": {
        "post": operation(
            "chat_completions_create",
            "Ask a chatbot as a model",
            body(reference("OpenAiCompletion"), ANSWERED, **{"text/event-stream": STREAM}),
            ASKING,
            description="Whole or, with `stream`, as server-sent events: each is `data: ` with a chunk, the "
            "last one `data: [DONE]`. A client that leaves stops the reply.",
            requestBody={"content": body(reference("OpenAiQuestion"), ASKED), "required": True},
        )
    },
}


def describe(result: Json, **_: Any) -> Json:
    """A hook, named in the settings behind those that put our own names and errors into the document."""
    components = result["components"]
    components["schemas"] |= COMPONENTS
    components["securitySchemes"]["OpenAiKey"] = {"type": "http", "scheme": "bearer"}
    result["paths"] |= PATHS
    return result
