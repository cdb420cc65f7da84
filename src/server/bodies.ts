import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import { neverAbandoned } from '../features/kernel/abandoned.ts';
import { signalOf } from './leaving.ts';
import { LARGE_BODY_BYTES, LARGE_WEIGHT, MAX_WAITING_BODIES } from './limits.ts';
import { Turns } from './turns.ts';

/** What a body of this size weighs, so that a large one is a large operation. */
const WEIGHT_OF_BYTE = LARGE_WEIGHT / LARGE_BODY_BYTES;

/**
 * Parses the bodies of requests as JSON, the large ones of each address one after the other (turns.ts): 250 KB may take
 * 30 milliseconds. A client that sends slowly holds no turn, because its body is read before.
 */
export function parseBodies(app: FastifyInstance): void {
  const turns = new Turns(MAX_WAITING_BODIES);
  const replies = new WeakMap<FastifyRequest, FastifyReply>();
  app.addHook('preParsing', (request, reply, _payload, done) => {
    replies.set(request, reply);
    done();
  });
  /** Not the signal that Fastify gives a request: it is aborted as soon as the body has been read. */
  const leaving = (request: FastifyRequest) => {
    const reply = replies.get(request);
    return reply ? signalOf(reply.raw) : neverAbandoned();
  };
  const parseJson = app.getDefaultJsonParser('error', 'error');
  const parse = (request: FastifyRequest, body: string) =>
    new Promise((resolve, reject) => {
      parseJson(request, body, (error, value) => (error ? reject(error) : resolve(value)));
    });
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if (body.length < LARGE_BODY_BYTES) return void parseJson(request, body, done);
    turns
      .run(request.ip, body.length * WEIGHT_OF_BYTE, leaving(request), () => parse(request, body))
      .then((value) => done(null, value))
      .catch((error) => done(error instanceof GraphQLError ? refusalOf(error) : error));
  });
}

/** Fastify answers an error with its status (http-errors.ts). */
function refusalOf({ message }: GraphQLError): Error {
  return Object.assign(new Error(message), { statusCode: 429 });
}
