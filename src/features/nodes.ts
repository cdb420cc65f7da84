import type { Resolvers } from '../generated/graphql.ts';
import type { Context } from './context.ts';
import { type ClientText, excerpt } from './kernel/client-text.ts';
import { badInput } from './kernel/errors.ts';
import { MAX_PAGE } from './kernel/paging.ts';
import { parseGlobalId } from './kernel/validate.ts';

async function readNode({ loaders }: Context, globalId: ClientText) {
  const id = parseGlobalId(globalId);
  if (!id) throw badInput(`"${excerpt(globalId)}" is not an id.`);
  const [first, second = 0n] = id.parts;
  switch (id.type) {
    case 'User':
      return loaders.visibleUser.load(first);
    case 'Photo':
      return loaders.visiblePhoto.load(first);
    case 'Comment':
      return loaders.visibleComment.load([first, second]);
    case 'Session':
      return loaders.ownSession.load(first);
    case 'Upload':
      return loaders.ownUpload.load(first);
    case 'Place':
      return loaders.visiblePlace.load(first);
    case 'Report':
      return loaders.report.load(first);
  }
}

/** `node` and `nodes`: whatever has an id, by its id. */
export const nodeResolvers: Resolvers = {
  Query: {
    node: (_, { id }, context) => readNode(context, id),
    nodes: (_, { ids }, context) => {
      if (ids.length > MAX_PAGE) throw badInput(`"ids" may hold at most ${MAX_PAGE}; it holds ${ids.length}.`);
      return Promise.all(ids.map((id) => readNode(context, id)));
    },
  },
};
