/** A bare `ws` server: it keeps whoever connects, and sends each text that is posted to it, `?times=10` so often, to all of them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { WebSocketServer } from 'ws';

const server = createServer(async (request, response) => {
  const message = await text(request);
  const times = Number(new URL(request.url ?? '', 'http://bare').searchParams.get('times'));
  const begun = performance.timeOrigin + performance.now();
  for (let time = 0; time < times; time++) for (const socket of sockets.clients) socket.send(message);
  response.end(String(begun));
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false });

server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`);
});
process.on('SIGTERM', () => process.exit(0));
