import type { Resolvers } from '../generated/graphql.ts';
import { readOwnSession } from './accounts/sessions.ts';
import type { Context } from './context.ts';
import { type ClientText, excerpt } from './kernel/client-text.ts';
import { badInput } from './kernel/errors.ts';
import { MAX_PAGE } from './kernel/paging.ts';
import { parseGlobalId } from './kernel/validate.ts';
import { readReport } from './moderation/reports.ts';
import { readOwnUpload } from './photos/uploads.ts';
import { readVisiblePlace } from './places/places.ts';

async function readNode({ stores, readViewer, loaders }: Context, globalId: ClientText) {
  const id = parseGlobalId(globalId);
  if (!id) throw badInput(`"${excerpt(globalId)}" is not an id.`);
  const [first, second = 0n] = id.parts;
  const ofViewer = <T>(read: (viewerId: bigint) => T): T | null => {
    const viewerId = readViewer();
    return viewerId === null ? null : read(viewerId);
  };
  switch (id.type) {
    case 'User':
      return loaders.visibleUser.load(first);
    case 'Photo':
      return loaders.visiblePhoto.load(first);
    case 'Comment':
      return loaders.visibleComment.load([first, second]);
    case 'Session':
      return ofViewer((viewerId) => readOwnSession(stores, viewerId, first));
    case 'Upload':
      return ofViewer((viewerId) => readOwnUpload(stores, viewerId, first));
    case 'Place':
      return readVisiblePlace(stores, readViewer(), first);
    case 'Report':
      return ofViewer((viewerId) => readReport(stores, viewerId, first));
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
