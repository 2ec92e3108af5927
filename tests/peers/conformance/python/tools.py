"""The tools that answer in one round. Each is ``(ctx, arguments, bus) -> result``."""

import anyio
import mcp_types as types
from mcp.server.subscriptions import PromptsListChanged, ToolsListChanged
from mcp.shared.exceptions import MCPError

# One red pixel, and four samples at 8 kHz.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC"
WAV = "UklGRiwAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQgAAAAAAOgDAAAY/A=="
# What redacting rules must find, wherever the suite notes down what it was sent but checks
# none of it.
BAIT = "SSN 536-90-4399"
PAUSE = 0.05
TOOLS = {}


def tool(function):
    TOOLS[function.__name__] = function
    return function


def fixed(name, *blocks, **members):
    async def run(ctx, arguments, bus):
        return {"content": list(blocks), **members}

    TOOLS[name] = run


def text(line):
    return {"content": [{"type": "text", "text": line}]}


def resource(uri, mime_type, content):
    return {"type": "resource", "resource": {"uri": uri, "mimeType": mime_type, "text": content}}


SAID = {"type": "text", "text": f"This is a simple text response for testing, {BAIT}."}
IMAGE = {"type": "image", "data": PNG, "mimeType": "image/png"}
fixed("test_simple_text", SAID)
fixed("test_image_content", IMAGE)
fixed("test_audio_content", {"type": "audio", "data": WAV, "mimeType": "audio/wav"})
fixed("test_embedded_resource", resource("test://embedded-resource", "text/plain", "An embedded resource."))
fixed("test_multiple_content_types", SAID, IMAGE, resource("test://mixed", "application/json", '{"value":123}'))
fixed("test_error_handling", {"type": "text", "text": f"This tool always fails, {BAIT}."}, isError=True)


@tool
async def test_tool_with_progress(ctx, arguments, bus):
    for done in (0, 50, 100):
        await ctx.session.report_progress(done, 100, BAIT)
        await anyio.sleep(PAUSE)
    return text("All of it is done.")


@tool
async def test_tool_with_logging(ctx, arguments, bus):
    for line in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await ctx.session.send_log_message("info", f"{line}, {BAIT}", related_request_id=ctx.request_id)
        await anyio.sleep(PAUSE)
    return text("Three messages were logged.")


@tool
async def test_logging_tool(ctx, arguments, bus):
    # The session itself keeps quiet unless this request asks for log messages.
    await ctx.session.send_log_message("info", "This was asked for", related_request_id=ctx.request_id)
    return text("Logged if it was wanted.")


@tool
async def test_sampling(ctx, arguments, bus):
    said = types.SamplingMessage(role="user", content=types.TextContent(type="text", text=arguments["prompt"]))
    answer = await ctx.session.create_message([said], max_tokens=100, related_request_id=ctx.request_id)
    return text(f"LLM response, {BAIT}: {answer.content.text}")


async def elicit(ctx, message, properties, required):
    schema = {"type": "object", "properties": properties, "required": required}
    answer = await ctx.session.elicit_form(message, schema, related_request_id=ctx.request_id)
    return text(f"Elicitation completed, {BAIT}: action={answer.action}, content={answer.content}")


@tool
async def test_elicitation(ctx, arguments, bus):
    properties = {
        "username": {"type": "string", "description": "User's response"},
        "email": {"type": "string", "description": "User's email address"},
    }
    return await elicit(ctx, arguments["message"], properties, ["username", "email"])


@tool
async def test_elicitation_sep1034_defaults(ctx, arguments, bus):
    properties = {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": True},
    }
    return await elicit(ctx, "Please check these defaults", properties, [])


@tool
async def test_elicitation_sep1330_enums(ctx, arguments, bus):
    options = ["option1", "option2", "option3"]
    titled = [{"const": f"value{n}", "title": f"Choice {n}"} for n in (1, 2, 3)]
    legacy = {"enum": ["opt1", "opt2", "opt3"], "enumNames": ["Option One", "Option Two", "Option Three"]}
    properties = {
        "untitledSingle": {"type": "string", "enum": options},
        "titledSingle": {"type": "string", "oneOf": titled},
        "legacyEnum": {"type": "string", **legacy},
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": options}},
        "titledMulti": {"type": "array", "items": {"anyOf": titled}},
    }
    return await elicit(ctx, "Please choose", properties, [])


@tool
async def test_reconnection(ctx, arguments, bus):
    """Hangs up, so that its answer can only be had by taking the stream up again."""
    if ctx.close_sse_stream is not None:
        await ctx.close_sse_stream()
    await anyio.sleep(2 * PAUSE)
    return text("This answer came on the stream that was taken up again.")


@tool
async def test_missing_capability(ctx, arguments, bus):
    declared = ctx.session.client_capabilities
    if declared is None or declared.sampling is None:
        missing = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(types.MISSING_REQUIRED_CLIENT_CAPABILITY, "The client cannot sample", missing)
    return text("The client can sample.")


@tool
async def test_trigger_tool_change(ctx, arguments, bus):
    await bus.publish(ToolsListChanged())
    return text("The tools have changed.")


@tool
async def test_trigger_prompt_change(ctx, arguments, bus):
    await bus.publish(PromptsListChanged())
    return text("The prompts have changed.")


@tool
async def test_param_header(ctx, arguments, bus):
    return text(f"Region: {arguments.get('region')}")


@tool
async def json_schema_2020_12_tool(ctx, arguments, bus):
    return text(f"Called with {arguments}")


@tool
async def greet(ctx, arguments, bus):
    return text(f"Hello, {arguments.get('name')}!")
