import type { Resolvers } from '../../generated/graphql.ts';
import { idTime } from '../../stores/ids.ts';
import { confirmPassword } from '../accounts/log-in.ts';
import { requireSession } from '../context.ts';
import { payload } from '../kernel/errors.ts';
import { exportUrl, readDataExport, requestDataExport } from './data-export.ts';

/** The copy of one's own data, in GraphQL. */
export const dataExportResolvers: Resolvers = {
  Mutation: {
    requestDataExport: (_, { input }, context) =>
      payload(async () => {
        const { userId } = requireSession(context);
        await confirmPassword(context.stores, userId, context.address, input.password);
        return { dataExport: await requestDataExport(context.stores, userId) };
      }),
  },
  Viewer: {
    dataExport: ({ userId }, _, { stores }) => readDataExport(stores, userId),
  },
  DataExport: {
    url: (row, _, { stores }) => exportUrl(stores, row),
    createdAt: ({ id }) => new Date(idTime(id)),
  },
};
