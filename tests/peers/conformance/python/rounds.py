"""Multi round-trip requests (SEP-2322). The server's middleware signs and checks the state."""

import mcp_types as types
from mcp.shared.exceptions import MCPError

from tools import BAIT

PREFIX = "test_input_required_result_"
TOOLS = {"test_streaming_elicitation"} | {
    PREFIX + name
    for name in (
        "elicitation", "sampling", "list_roots", "request_state", "tampered_state",
        "multiple_inputs", "multi_round", "capabilities",
    )
}  # fmt: skip

ROOTS = {"method": "roots/list", "params": {}}


def form(message, field, kind):
    schema = {"type": "object", "properties": {field: {"type": kind}}, "required": [field]}
    return {"method": "elicitation/create", "params": {"mode": "form", "message": f"{message} {BAIT}", "requestedSchema": schema}}


def sampling(prompt, max_tokens):
    said = {"role": "user", "content": {"type": "text", "text": prompt}}
    return {"method": "sampling/createMessage", "params": {"messages": [said], "maxTokens": max_tokens}}


def ask(requests, state=None):
    return types.InputRequiredResult.model_validate({"inputRequests": requests, "requestState": state})


def answer(params, key, field):
    """The member ``field`` of what the user accepted under ``key``, if it is there."""
    response = (params.input_responses or {}).get(key)
    if getattr(response, "action", None) != "accept":
        return None
    return (response.content or {}).get(field)


def call(ctx, params):
    tool = params.name.removeprefix(PREFIX)
    given = params.input_responses or {}
    state = params.request_state
    name = form("What is your name?", "name", "string")
    confirm = form("Please confirm", "ok", "boolean")
    if tool in ("elicitation", "test_streaming_elicitation"):
        user = answer(params, "user_name", "name")
        return done(f"Hello, {user}!") if user else ask({"user_name": name})
    if tool == "sampling":
        if "capital_question" in given:
            return done("The model answered.")
        return ask({"capital_question": sampling("What is the capital of France?", 100)})
    if tool == "list_roots":
        return done("The roots are in.") if "client_roots" in given else ask({"client_roots": ROOTS})
    if tool in ("request_state", "tampered_state"):
        return done("state-ok") if state and "confirm" in given else ask({"confirm": confirm}, "1")
    if tool == "multiple_inputs":
        questions = {"user_name": name, "greeting": sampling("Generate a greeting", 50), "client_roots": ROOTS}
        return done("All three are in.") if state and questions.keys() <= given.keys() else ask(questions, "1")
    if tool == "multi_round":
        if state == "2" and "step2" in given:
            return done("Both steps are done.")
        if state == "1" and "step1" in given:
            return ask({"step2": form("Step 2: What is your favorite color?", "color", "string")}, "2")
        return ask({"step1": form("Step 1: What is your name?", "name", "string")}, "1")
    if tool == "capabilities":
        can = ctx.session.client_capabilities or types.ClientCapabilities()
        questions = {"sample": sampling("Say something", 50)} if can.sampling else {}
        questions |= {"confirm": confirm} if can.elicitation else {}
        return ask(questions) if questions else done("There is nothing to ask this client.")
    raise MCPError(types.INVALID_PARAMS, f"unknown tool: {params.name}")


def done(line):
    return types.CallToolResult.model_validate({"content": [{"type": "text", "text": line}]})
