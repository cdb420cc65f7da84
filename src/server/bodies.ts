import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import { neverAbandoned } from '../features/kernel/abandoned.ts';
import { signalOf } from './leaving.ts';
import { LARGE_BODY_LENGTH, LARGE_WEIGHT, MAX_BODY_VALUES, MAX_WAITING_BODIES } from './limits.ts';
import { Turns } from './turns.ts';

/** What a body of this size weighs, so that a large one is a large operation. */
const WEIGHT_OF_CHARACTER = LARGE_WEIGHT / LARGE_BODY_LENGTH;

/**
 * Parses the bodies of requests as JSON, the large ones of each address one after the other (turns.ts). One with very
 * many values is refused before: parsing 250 KB of brackets takes 30 milliseconds, and collecting the garbage longer. A
 * client that sends slowly holds no turn, because its body is read before.
 */
export function parseBodies(app: FastifyInstance, turns = new Turns(MAX_WAITING_BODIES)): void {
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
    if (body.length < LARGE_BODY_LENGTH) return void parseJson(request, body, done);
    const parseLarge = async () => {
      if (!holdsMoreValues(body, MAX_BODY_VALUES)) return parse(request, body);
      throw refusal(400, `A large request may hold at most ${MAX_BODY_VALUES.toLocaleString('en')} values.`);
    };
    turns
      .run(request.ip, body.length * WEIGHT_OF_CHARACTER, leaving(request), parseLarge)
      .then((value) => done(null, value))
      .catch((error) => done(error instanceof GraphQLError ? refusal(429, error.message) : error));
  });
}

/** Whether JSON has more values than so many: a comma, a bracket and a brace each come before one, outside of texts. */
function holdsMoreValues(json: string, max: number): boolean {
  let count = 0;
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === '"') at = endOfText(json, at);
    else if (character === ',' || character === '[' || character === '{') count++;
    if (count > max) return true;
  }
  return false;
}

/** The position of the quote that ends a text, or the end of the JSON. */
function endOfText(json: string, start: number): number {
  let end = json.indexOf('"', start + 1);
  while (end > 0 && isEscaped(json, end)) end = json.indexOf('"', end + 1);
  return end < 0 ? json.length : end;
}

/** Whether a character of a text has an odd number of backslashes before it. */
function isEscaped(json: string, at: number): boolean {
  let first = at;
  while (json[first - 1] === '\\') first--;
  return (at - first) % 2 === 1;
}

/** Fastify answers an error with its status (http-errors.ts). */
function refusal(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { statusCode });
}
