// Puts an access token on every request, for clients that cannot: the suite's server
// runner. A reverse proxy on loopback that otherwise changes nothing: no header, no byte
// of a body, no pause in a stream, and it hangs up on one side when the other does.
//
// node shim.mjs <port> <target origin>, the token in SHIM_TOKEN; prints {"url": …} when
// ready. Without SHIM_TOKEN it adds nothing.
import http from "node:http";

const [port, target] = process.argv.slice(2);
const { hostname, port: targetPort, host: targetHost } = new URL(target);
const token = process.env.SHIM_TOKEN;

const server = http.createServer({ keepAlive: true, requestTimeout: 0 }, (request, response) => {
  const own = `127.0.0.1:${server.address().port}`;
  const upstream = http.request({
    agent: false,
    hostname,
    port: targetPort,
    method: request.method,
    path: request.url,
    headers: forwarded(request.rawHeaders, own),
    setHost: false,
  });
  upstream.on("response", (answer) => {
    response.writeHead(answer.statusCode, answer.statusMessage, endToEnd(answer.rawHeaders));
    // A stream may have no event for long, but that it is open is news.
    response.flushHeaders();
    answer.pipe(response);
    answer.on("error", () => response.destroy());
  });
  upstream.on("error", (error) => {
    if (response.headersSent || response.destroyed) return response.destroy();
    response.writeHead(502, { "content-type": "text/plain" }).end(`shim: ${error.code}\n`);
  });
  response.on("close", () => upstream.destroy());
  request.on("error", () => upstream.destroy());
  request.pipe(upstream);
});

// Raw headers as they came, twice the same name included. The shim's own authority stands
// for the target's; any other Host or Origin is the client's own business.
function forwarded(rawHeaders, own) {
  const headers = [];
  for (const [name, value] of endToEndPairs(rawHeaders)) {
    const key = name.toLowerCase();
    if (key === "authorization" && token) continue;
    if (key === "host" && value === own) headers.push(name, targetHost);
    else if (key === "origin" && value === `http://${own}`) headers.push(name, new URL(target).origin);
    else headers.push(name, value);
  }
  if (token) headers.push("Authorization", `Bearer ${token}`);
  return headers;
}

const endToEnd = (rawHeaders) => [...endToEndPairs(rawHeaders)].flat();

// Only a connection's own headers stay behind: each side has its own connection.
function* endToEndPairs(rawHeaders) {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (!["connection", "keep-alive"].includes(rawHeaders[i].toLowerCase())) {
      yield [rawHeaders[i], rawHeaders[i + 1]];
    }
  }
}

server.listen(Number(port), "127.0.0.1", () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` }));
});
