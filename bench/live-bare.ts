/** A bare `ws` server. It sends each text that is posted to it to all connected clients, `?times=10` times. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { WebSocketServer } from 'ws';

const server = createServer(async (request, response) => {
  const message = await text(request);
  const times = Number(new URL(request.url ?? '', 'http://bare').searchParams.get('times'));
  const startedAt = performance.timeOrigin + performance.now();
  for (let n = 0; n < times; n++) for (const socket of sockets.clients) socket.send(message);
  response.end(String(startedAt));
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false });

server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`);
});
process.on('SIGTERM', () => process.exit(0));
