import type { Resolvers } from '../../generated/graphql.ts';
import { idTime } from '../../stores/ids.ts';
import { confirmPassword } from '../accounts/log-in.ts';
import { mutation } from '../context.ts';
import { exportUrl, readDataExport, requestDataExport } from './data-export.ts';

/** Data export in GraphQL. */
export const dataExportResolvers: Resolvers = {
  Mutation: {
    requestDataExport: mutation(async ({ userId }, { input }, context) => {
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
