"""The fixture's second implementation, on the Python SDK: the same names, no tasks.

``python server.py --port N`` prints ``{"url": …}`` on one line when it accepts connections.
"""

import argparse
import json
import socket
import warnings
from pathlib import Path

import mcp_types as types
import uvicorn
from mcp.server.lowlevel import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError

import rounds
from events import MemoryEvents
from tools import BAIT, PNG, TOOLS

NAME = "conformance-python"
# One source of names for both implementations; the tools that need the extension stay out.
LISTS = json.loads((Path(__file__).parent / "../fixture/src/lists.json").read_text())
RETRY_MS = 200

bus = InMemorySubscriptionBus()


async def list_tools(ctx, params):
    listed = [tool for tool in LISTS["tools"] if tool["name"] in TOOLS or tool["name"] in rounds.TOOLS]
    return types.ListToolsResult.model_validate({"tools": listed})


def input_schema(name):
    """Lets the SDK compare ``Mcp-Param-*`` headers with the arguments."""
    return next((tool["inputSchema"] for tool in LISTS["tools"] if tool["name"] == name), None)


async def call_tool(ctx, params):
    if params.name in rounds.TOOLS:
        return rounds.call(ctx, params)
    if params.name not in TOOLS:
        raise MCPError(types.INVALID_PARAMS, f"unknown tool: {params.name}")
    return types.CallToolResult.model_validate(await TOOLS[params.name](ctx, params.arguments or {}, bus))


async def list_prompts(ctx, params):
    return types.ListPromptsResult.model_validate({"prompts": LISTS["prompts"]})


def text(line):
    return {"type": "text", "text": line}


async def get_prompt(ctx, params):
    given = params.arguments or {}
    blocks = {
        "test_simple_prompt": [text("This is a simple prompt for testing.")],
        "test_prompt_with_arguments": [
            text(f"Prompt with arguments: arg1='{given.get('arg1')}', arg2='{given.get('arg2')}', {BAIT}")
        ],
        "test_prompt_with_embedded_resource": [
            {
                "type": "resource",
                "resource": {
                    "uri": given.get("resourceUri", "test://none"),
                    "mimeType": "text/plain",
                    "text": "Embedded resource content for testing.",
                },
            },
            text("Please process the embedded resource above."),
        ],
        "test_prompt_with_image": [
            {"type": "image", "data": PNG, "mimeType": "image/png"},
            text("Please analyze the image above."),
        ],
    }
    if params.name == "test_input_required_result_prompt":
        context = rounds.answer(params, "user_context", "context")
        if context is None:
            return rounds.ask({"user_context": rounds.form("What context should it use?", "context", "string")})
        blocks[params.name] = [text(f"The context is: {context}")]
    if params.name not in blocks:
        raise MCPError(types.INVALID_PARAMS, f"unknown prompt: {params.name}")
    messages = [{"role": "user", "content": block} for block in blocks[params.name]]
    return types.GetPromptResult.model_validate({"messages": messages})


async def list_resources(ctx, params):
    return types.ListResourcesResult.model_validate({"resources": LISTS["resources"]})


async def list_templates(ctx, params):
    return types.ListResourceTemplatesResult.model_validate({"resourceTemplates": LISTS["resourceTemplates"]})


async def read_resource(ctx, params):
    uri = str(params.uri)
    head, _, rest = uri.partition("test://template/")
    if uri in ("test://static-text", "test://watched-resource"):
        contents = {"mimeType": "text/plain", "text": f"This is the content of {uri}."}
    elif uri == "test://static-binary":
        contents = {"mimeType": "image/png", "blob": PNG}
    elif head == "" and rest.endswith("/data") and rest.count("/") == 1:
        id = rest.removesuffix("/data")
        data = {"id": id, "templateTest": True, "data": f"Data for ID: {id}, {BAIT}"}
        contents = {"mimeType": "application/json", "text": json.dumps(data)}
    else:
        raise MCPError(types.INVALID_PARAMS, "Resource not found", {"uri": uri})
    return types.ReadResourceResult.model_validate({"contents": [{"uri": uri, **contents}]})


async def subscribe(ctx, params):
    await read_resource(ctx, params)
    return types.EmptyResult()


async def complete(ctx, params):
    values = [v for v in ("paris", "park", "party", f"test, {BAIT}") if v.startswith(params.argument.value)]
    return types.CompleteResult.model_validate({"completion": {"values": values, "hasMore": False}})


async def set_level(ctx, params):
    return types.EmptyResult()


def build():
    warnings.simplefilter("ignore", MCPDeprecationWarning)  # the older revisions are served too
    server = Server(
        NAME,
        version="1.0.0",
        instructions=f"Every tool here exists to be tested, {BAIT}.",
        get_tool_input_schema=input_schema,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
        on_subscribe_resource=subscribe,
        on_unsubscribe_resource=subscribe,
        on_subscriptions_listen=ListenHandler(bus),
        on_completion=complete,
        on_set_logging_level=set_level,
    )
    server.middleware.append(RequestStateBoundary(RequestStateSecurity.ephemeral(), default_audience=NAME))
    return server.streamable_http_app(event_store=MemoryEvents(), retry_interval=RETRY_MS)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    listener = socket.create_server(("127.0.0.1", parser.parse_args().port))
    print(json.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"}), flush=True)
    uvicorn.Server(uvicorn.Config(build(), log_level="warning")).run(sockets=[listener])


if __name__ == "__main__":
    main()
