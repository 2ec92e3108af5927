"""The Python SDK: python.py <mcp url> <token> <era> <upstream>"""

import asyncio
import json
import os
import re
import sys
import traceback
import uuid
from pathlib import Path
from typing import Literal

import httpx2
import mcp_types as types
from mcp import Client
from mcp.client.extension import ClientExtension, ResultClaim
from mcp.client.streamable_http import streamable_http_client

URL, TOKEN, ERA, UPSTREAM = sys.argv[1:5]
MODERN = ERA == "modern"
STEPS = Path(__file__).with_name("steps.txt").read_text().split()
LONGEST_STEP_SECONDS = 20
TASKS = "io.modelcontextprotocol/tasks"

DIRECT = "DAY_DIRECT" in os.environ
NAME, SSN = ("Maria Halloran", "536-90-4399") if DIRECT else ("[PERSON_1]", "[US_SSN_1]")
SHOWN = f"patient {NAME}, SSN {SSN}"
TOOLS = ["read_chart", "summarize", "discharge", "transfer", "make_rounds"]
TOOLS += ["watch", "watch_report", "transcribe", "rearrange", "test_reconnection"]
CHART = {
    "bed": 4,
    "patient": {"name": NAME, "ssn": SSN},
    "note": f"A quiet night for {SHOWN}",
    "pulse": 72,
}


def masked(said: str) -> None:
    """Something was said about the patient, and through the gate nothing of who it is."""
    assert DIRECT or not re.search("Halloran|536-90-4399", said), "a planted value came through"
    assert SHOWN in said, f"not shown as {SHOWN}: {said}"


class NotOffered(Exception):
    """A step that this client, revision or upstream does not have."""


class CreatedTask(types.Result):
    """How a call begins a task, in the tasks extension."""

    result_type: Literal["task"]
    task_id: str
    status_message: str | None = None


class TaskParams(types.RequestParams):
    task_id: str


class GetTask(types.Request[TaskParams, Literal["tasks/get"]]):
    method: Literal["tasks/get"] = "tasks/get"
    params: TaskParams
    name_param = "taskId"


class TaskState(types.Result):
    status: str
    result: types.CallToolResult | None = None


class Tasks(ClientExtension):
    """The SDK brings the hooks for extensions, and none of the extensions: this is the tasks'."""

    identifier = TASKS

    def __init__(self) -> None:
        self.created: list[CreatedTask] = []

    def claims(self):
        return [ResultClaim(result_type="task", model=CreatedTask, resolve=self.resolve)]

    async def resolve(self, task: CreatedTask, context) -> types.CallToolResult:
        self.created.append(task)
        while True:
            request = GetTask(params=TaskParams(task_id=task.task_id))
            state = await context.session.send_request(request, TaskState)
            if state.status == "completed":
                assert state.result is not None
                return state.result
            assert state.status == "working", state
            await asyncio.sleep(0.1)


class Day:
    """One step a method."""

    def __init__(self) -> None:
        self.heard = {"sampling": [], "elicitation": [], "logging": []}
        self.changed: set[str] = set()
        self.resumed: list[str] = []
        self.extension = Tasks()
        self.client = self.connect()

    def connect(self) -> Client:
        async def resuming(request) -> None:
            if after := request.headers.get("last-event-id"):
                self.resumed.append(after)

        timeout = httpx2.Timeout(30, read=300)
        http = httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {TOKEN}"}, event_hooks={"request": [resuming]}, timeout=timeout
        )
        return Client(
            streamable_http_client(URL, http_client=http),
            mode="auto" if MODERN else "legacy",
            sampling_callback=self.sample,
            elicitation_callback=self.elicit,
            logging_callback=self.log,
            log_level="info",
            message_handler=self.hear,
            extensions=[self.extension],
        )

    async def sample(self, context, params):
        self.heard["sampling"].append(params)
        content = types.TextContent(type="text", text="She slept.")
        return types.CreateMessageResult(role="assistant", content=content, model="test-model")

    async def elicit(self, context, params):
        self.heard["elicitation"].append(params)
        return types.ElicitResult(action="accept", content={"home": True})

    async def log(self, params) -> None:
        self.heard["logging"].append(params)

    async def hear(self, message) -> None:
        self.changed.add(type(message).__name__)

    async def said(self, tool: str, arguments: dict | None = None, **options) -> str:
        result = await self.client.call_tool(tool, arguments or {}, **options)
        assert not result.is_error, result
        return result.content[0].text

    async def list(self) -> None:
        tools = (await self.client.list_tools()).tools
        assert [tool.name for tool in tools] == TOOLS, tools
        masked(tools[0].description)
        masked(self.client.instructions)

    async def call(self) -> None:
        """The SDK itself holds the structure against the tool's outputSchema."""
        result = await self.client.call_tool("read_chart", {"bed": 4})
        assert result.structured_content == CHART, result
        assert json.loads(result.content[0].text) == CHART, result

    async def prompts(self) -> None:
        prompts = (await self.client.list_prompts()).prompts
        assert [prompt.name for prompt in prompts] == ["handover"], prompts
        masked(prompts[0].description)
        masked((await self.client.get_prompt("handover", {"bed": "4"})).messages[0].content.text)

    async def resources(self) -> None:
        resource = (await self.client.list_resources()).resources[0]
        assert resource.uri == "ward://charts/4", resource
        masked(resource.description)
        template = (await self.client.list_resource_templates()).resource_templates[0]
        assert template.uri_template == "ward://charts/{bed}", template
        masked(template.description)
        for uri in ("ward://charts/4", "ward://charts/7"):
            content = (await self.client.read_resource(uri)).contents[0]
            assert content.uri == uri, content
            masked(content.text)

    async def completion(self) -> None:
        ref = types.PromptReference(type="ref/prompt", name="handover")
        result = await self.client.complete(ref, {"name": "bed", "value": "4"})
        assert result.completion.values == ["4", f"4, {SHOWN}"], result

    async def sampling(self) -> None:
        said = await self.said("summarize")
        assert len(self.heard["sampling"]) == 1, self.heard
        masked(self.heard["sampling"][0].messages[0].content.text)
        masked(said)
        assert "She slept." in said, said

    async def elicitation(self) -> None:
        said = await self.said("discharge")
        assert len(self.heard["elicitation"]) == 1, self.heard
        masked(self.heard["elicitation"][0].message)
        masked(said)
        assert "home=true" in said, said

    async def progress(self) -> None:
        reports = []

        async def report(progress, total, message) -> None:
            reports.append((progress, message))

        masked(await self.said("transfer", progress_callback=report))
        await until(lambda: len(reports) == 3)
        assert [progress for progress, _ in reports] == [1, 2, 3], reports
        for _, message in reports:
            masked(message)

    async def logging(self) -> None:
        if not MODERN:
            await self.client.set_logging_level("info")
        self.heard["logging"].clear()
        masked(await self.said("make_rounds"))
        await until(lambda: self.heard["logging"])
        masked(self.heard["logging"][0].data["visit"])
        assert self.heard["logging"][0].data["patient"]["ssn"] == SSN, self.heard

    async def cancel(self) -> None:
        watch = str(uuid.uuid4())
        watching = asyncio.create_task(self.client.call_tool("watch", {"watch": watch}))
        await asyncio.sleep(0.5)
        watching.cancel()
        await asyncio.wait([watching])
        while "was cancelled" not in (report := await self.said("watch_report", {"watch": watch})):
            await asyncio.sleep(0.05)
        masked(report)

    async def tasks(self) -> None:
        if not MODERN:
            raise NotOffered("client: it takes nothing for the result of a call but a tool's result, no task of 2025-11-25")
        masked(await self.said("transcribe"))
        masked(self.extension.created[0].status_message)

    async def changes(self) -> None:
        if not MODERN:
            masked(await self.said("rearrange"))
            await until(lambda: {"ToolListChangedNotification", "PromptListChangedNotification"} <= self.changed)
            return
        async with self.client.listen(tools_list_changed=True, prompts_list_changed=True) as events:
            masked(await self.said("rearrange"))
            names = {type(await anext(events)).__name__ for _ in range(2)}
            assert names == {"ToolsListChanged", "PromptsListChanged"}, names

    async def resumption(self) -> None:
        if MODERN:
            raise NotOffered("revision: 2026-07-28 has no event ids")
        if UPSTREAM == "stdio":
            raise NotOffered("upstream: standard streams do not break off")
        masked(await self.said("test_reconnection"))
        assert self.resumed


async def until(holds) -> None:
    while not holds():
        await asyncio.sleep(0.05)


async def main() -> None:
    day = Day()
    async with day.client:
        assert day.client.protocol_version == ("2026-07-28" if MODERN else "2025-11-25")
        for name in STEPS:
            try:
                await asyncio.wait_for(getattr(day, name)(), LONGEST_STEP_SECONDS)
                print(f"PASS {name}", flush=True)
            except NotOffered as why:
                print(f"NOT OFFERED {name} by this {why}", flush=True)
            except Exception:
                print(f"FAIL {name}: {traceback.format_exc()}", flush=True)


asyncio.run(main())
