"""The Python SDK: both eras with a token, an event stream, then its own OAuth flow."""

import asyncio
import json
import sys
from urllib.parse import parse_qs, urlencode, urlparse

import httpx2
from mcp import Client, ClientSession
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata

URL, NARROW, WIDE = sys.argv[1:4]
DENIAL = "Access denied: PII access requires pii:read scope."


def said(what: str) -> None:
    print(f"ok   Python SDK: {what}", flush=True)


def with_token(token: str, mode: str) -> Client:
    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"})
    return Client(streamable_http_client(URL, http_client=http), mode=mode)


async def check(mode: str) -> None:
    async with with_token(NARROW, mode) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        assert names == ["listAccounts", "getAccount", "listTransactions"], names
        accounts = await client.call_tool("listAccounts", {"limit": 3})
        assert len(accounts.structured_content["accounts"]) == 3
        said(f"{mode}: lists its tools and calls an allowed one")
    refusal = ""
    try:
        async with with_token(NARROW, mode) as client:
            await client.call_tool("getCustomerPII", {"customerId": "c-203"})
    except BaseException as error:  # the SDK wraps it in exception groups
        refusal = flatten(error)
    assert DENIAL in refusal or "403" in refusal, refusal
    said(f"{mode}: is refused the tool it lacks the scope for")
    async with with_token(WIDE, mode) as client:
        await client.list_tools()
        customer = await client.call_tool("getCustomerPII", {"customerId": "c-203"})
        for shown in (customer.structured_content, json.loads(customer.content[0].text)):
            assert shown["ssn"] == "[US_SSN_1]" and shown["riskScore"] == 0, shown
            assert all(card["number"].startswith("****") for card in shown["cards"]), shown
        said(f"{mode}: gets the redacted result; its schema validation is content")


async def check_stream() -> None:
    for token, shown in (NARROW, DENIAL), (WIDE, "[US_SSN_1]"):
        headers = {"Authorization": f"Bearer {token}"}
        async with sse_client(f"{URL}/sse", headers=headers) as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            accounts = await session.call_tool("listAccounts", {"limit": 3})
            assert len(accounts.structured_content["accounts"]) == 3
            try:
                answer = (await session.call_tool("getCustomerPII", {"customerId": "c-203"})).model_dump_json()
            except Exception as error:
                answer = str(error)
            assert shown in answer, answer
    said("HTTP+SSE: calls, is refused, and gets the redacted result")


def flatten(error: BaseException) -> str:
    inner = getattr(error, "exceptions", ())
    return " ".join([repr(error), *map(flatten, inner)])


class Storage:
    tokens = None
    client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


async def sign_in() -> None:
    answer: dict[str, str] = {}

    async def redirect(url: str) -> None:
        async with httpx2.AsyncClient() as browser:
            response = await browser.get(f"{url}&{urlencode({'login_hint': 'chen'})}")
        query = parse_qs(urlparse(response.headers["location"]).query)
        answer.update({name: values[0] for name, values in query.items()})

    async def callback() -> AuthorizationCodeResult:
        return AuthorizationCodeResult(code=answer["code"], state=answer.get("state"), iss=answer.get("iss"))

    metadata = OAuthClientMetadata(client_name="peer-python", redirect_uris=["http://127.0.0.1/callback"], scope="accounts:read")
    provider = OAuthClientProvider(URL, metadata, Storage(), redirect, callback)
    http = httpx2.AsyncClient(auth=provider)
    async with Client(streamable_http_client(URL, http_client=http)) as client:
        assert len((await client.list_tools()).tools) >= 3
    said("finds the authorization server by the gate's challenge, registers and signs in by itself")


async def main() -> None:
    await check("legacy")
    await check("2026-07-28")
    await check_stream()
    await sign_in()


asyncio.run(main())
