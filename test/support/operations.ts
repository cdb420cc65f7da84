import { parse } from 'graphql';
import { findOperation } from '../../src/server/documents.ts';
import type { Operation } from '../../src/server/executor.ts';

/** The operation of a document that has only one, to execute in this process. */
export function toOperation(query: string, variables: Record<string, unknown> = {}): Operation {
  const document = parse(query);
  const operation = findOperation(document, null);
  if (operation instanceof Error) throw operation;
  return { document, operation, variables };
}
