// The shim must change nothing but the token: node --test shim.test.mjs
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { after, test } from "node:test";

const shims = [];
after(() => shims.forEach((shim) => shim.kill()));

// A shim before a bare socket server, which gets each connection it is sent.
async function between(onConnection, token) {
  const target = net.createServer(onConnection).listen(0, "127.0.0.1");
  await once(target, "listening");
  target.unref();
  const authority = `127.0.0.1:${target.address().port}`;
  const shim = spawn(process.execPath, [`${import.meta.dirname}/shim.mjs`, "0", `http://${authority}`], {
    env: { SHIM_TOKEN: token ?? "" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  shims.push(shim);
  const [line] = await once(shim.stdout, "data");
  const { port } = new URL(JSON.parse(line).url);
  return { authority, port: Number(port), own: `127.0.0.1:${port}` };
}

const read = async (socket, until) => {
  let seen = "";
  while (!seen.includes(until)) {
    const [chunk] = await once(socket, "data", { signal: AbortSignal.timeout(5000) });
    seen += chunk;
  }
  return seen;
};

test("headers and body arrive as sent, with the token", async () => {
  const { promise, resolve } = Promise.withResolvers();
  const { port } = await between(async (socket) => {
    resolve(await read(socket, '{"b":1}'));
    socket.end("HTTP/1.1 418 Teapot\r\nX-One: a\r\nX-One: b\r\nContent-Length: 2\r\n\r\nok");
  }, "secret");
  const client = net.connect(port, "127.0.0.1");
  client.write(
    "POST /mcp?q=1 HTTP/1.1\r\nHost: evil.example.com\r\nOrigin: http://evil.example.com\r\n" +
      "mcp-NAME:   greet  \r\nX-Twice: 1\r\nX-Twice: 2\r\nContent-Length: 7\r\n\r\n" + '{"b":1}',
  );
  const answer = await read(client, "ok");
  client.destroy();
  const request = await promise;
  assert.match(request, /^POST \/mcp\?q=1 HTTP\/1\.1\r\nHost: evil\.example\.com\r\nOrigin: http:\/\/evil\.example\.com\r\n/);
  assert.match(request, /\r\nmcp-NAME: greet\r\nX-Twice: 1\r\nX-Twice: 2\r\n/);
  assert.match(request, /\r\nAuthorization: Bearer secret\r\n/);
  assert.match(answer, /^HTTP\/1\.1 418 Teapot\r\nX-One: a\r\nX-One: b\r\n/);
});

test("its own authority becomes the target's", async () => {
  const { promise, resolve } = Promise.withResolvers();
  const { port, own, authority } = await between(async (socket) => {
    resolve(await read(socket, "\r\n\r\n"));
    socket.end("HTTP/1.1 204 No Content\r\n\r\n");
  });
  const client = net.connect(port, "127.0.0.1");
  client.write(`GET / HTTP/1.1\r\nHost: ${own}\r\nOrigin: http://${own}\r\nAuthorization: Basic x\r\n\r\n`);
  const request = await promise;
  client.destroy();
  assert.match(request, new RegExp(`\r\nHost: ${authority}\r\nOrigin: http://${authority}\r\n`));
  assert.match(request, /\r\nAuthorization: Basic x\r\n/, "without a token the client's own stays");
});

test("events come one by one, and a client that leaves is seen to leave", async () => {
  const { promise, resolve } = Promise.withResolvers();
  const { port } = await between(async (socket) => {
    await read(socket, "\r\n\r\n");
    socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n");
    socket.on("error", () => {});
    socket.on("close", resolve);
  });
  const client = net.connect(port, "127.0.0.1");
  client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await read(client, "data: first\n\n");
  client.destroy();
  const late = new Promise((_, fail) => setTimeout(fail, 5000, new Error("still open")).unref());
  await Promise.race([promise, late]);
});

test("a stream that breaks off is not passed on as whole", async () => {
  const { port } = await between(async (socket) => {
    await read(socket, "\r\n\r\n");
    socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    setTimeout(() => socket.resetAndDestroy(), 100);
  });
  await assert.rejects(fetch(`http://127.0.0.1:${port}/`).then((response) => response.text()));
});
