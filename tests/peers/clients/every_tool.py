"""Every tool that a token may call, through the Python SDK in both eras; it holds each
result against the outputSchema that was listed.

every_tool.py <mcp url> <server> (<caller> <token>)…
"""

import asyncio
import json
import sys
from pathlib import Path

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

URL, SERVER, *PAIRS = sys.argv[1:]
TOOLS = json.loads(Path(__file__).with_name("tools.json").read_text())[SERVER]["tools"]


async def check(mode: str) -> None:
    called, accepted = set(), 0
    for caller, token in zip(PAIRS[::2], PAIRS[1::2], strict=True):
        http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"})
        async with Client(streamable_http_client(URL, http_client=http), mode=mode) as client:
            for tool in (await client.list_tools()).tools:
                assert tool.output_schema, tool.name
                result = await client.call_tool(tool.name, TOOLS[tool.name])
                assert not result.is_error, (tool.name, caller, result)
                assert json.loads(result.content[0].text) == result.structured_content, tool.name
                called.add(tool.name)
                accepted += 1
    assert called == set(TOOLS), called
    print(f"ok   Python SDK, {mode}: accepts {accepted} results of all {len(called)} tools of {SERVER}, schema validation on", flush=True)


async def main() -> None:
    await check("legacy")
    await check("2026-07-28")


asyncio.run(main())
