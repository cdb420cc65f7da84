/** Imports go one way: main → server → features → stores → config. `admin` is on the level of `server`. */
const LAYERS = {
  config: '^src/config[.]ts$',
  stores: '^src/stores/',
  features: '^src/features/',
  server: '^src/server/',
  main: '^src/main[.]ts$',
  admin: '^src/admin[.]ts$',
  local: '^src/local/',
};

/** What each layer may import besides itself. No layer may import a file of src/ that is in no layer. */
const BELOW = {
  config: [],
  stores: ['config'],
  features: ['config', 'stores'],
  server: ['config', 'stores', 'features'],
  main: ['config', 'stores', 'features', 'server'],
  admin: ['config', 'stores', 'features'],
  local: ['config', 'main'],
};

/**
 * The folders of src/features/, lowest first. A folder imports only folders that come before it in this list, so no
 * cycle of folders can arise. Add a new folder here.
 */
const FEATURES = [
  'kernel',
  'images',
  'records',
  'visibility',
  'live',
  'hashtags',
  'activity',
  'people',
  'places',
  'photos',
  'accounts',
  'feed',
  'discovery',
  'data-export',
  'deletion',
  'moderation',
];

/**
 * The edges of a feature: the files that only src/server/ imports. They may import every feature, and no other file of
 * a feature may import them.
 */
const EDGES = '^src/features/[^/]+/(resolvers|tasks|subscriptions)[.]ts$';
/** Files that gather all features for a request. Only edges, these files and src/server/ import them. */
const AGGREGATORS = '^src/features/(context|loaders|nodes)[.]ts$';

/** The only files that know a client library; other code calls their functions. */
const CLIENTS = [
  ['ioredis', '^src/stores/redis[.]ts$'],
  ['nodemailer', '^src/stores/mail[.]ts$'],
  ['@aws-sdk', '^src/stores/objects[.]ts$'],
  ['graphile-worker', '^(src/stores/worker[.]ts$|prisma/)'],
  ['pg', '^(src/stores/|src/local/postgres[.]ts$|prisma/)'],
  ['@prisma', '^(src/stores/|prisma/)'],
];

const GENERATED = '^src/generated/';
/** The code that the layers bind. Tests, benchmarks and scripts may import from every layer. */
const SERVICE = '^(src|prisma)/';

const layers = Object.entries(BELOW).map(([layer, below]) => ({
  name: `layer-${layer}`,
  comment: `${layer} may import only ${[layer, ...below].join(', ')} and generated types.`,
  severity: 'error',
  from: { path: LAYERS[layer] },
  to: { path: '^src/', pathNot: [GENERATED, LAYERS[layer], ...below.map((name) => LAYERS[name])] },
}));

const clients = CLIENTS.map(([library, owner]) => ({
  name: `client-${library.replace('@', '')}`,
  comment: `Only ${owner} knows the library ${library}.`,
  severity: 'error',
  from: { path: SERVICE, pathNot: [owner, GENERATED] },
  to: { path: `node_modules/${library}/` },
}));

const features = FEATURES.map((feature, index) => ({
  name: `feature-${feature}`,
  comment: `Feature folders depend one way: ${feature} may import only ${FEATURES.slice(0, index + 1).join(', ')}.`,
  severity: 'error',
  from: { path: `^src/features/${feature}/`, pathNot: [EDGES] },
  to: { path: '^src/features/', pathNot: [`^src/features/(${FEATURES.slice(0, index + 1).join('|')})/`] },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layers,
    ...clients,
    ...features,
    {
      name: 'feature-folder',
      comment: 'The folder is not in FEATURES: add it there, after the folders that it imports.',
      severity: 'error',
      from: { path: '^src/features/', pathNot: [`^src/features/(${FEATURES.join('|')})/`, AGGREGATORS] },
      to: {},
    },
    {
      name: 'feature-edges',
      comment: 'Only src/server/ and the edges of the same feature import an edge.',
      severity: 'error',
      from: { path: '^src/features/([^/]+)/' },
      to: { path: EDGES, pathNot: '^src/features/$1/' },
    },
    {
      name: 'feature-edges-within',
      comment: 'Within a feature only edges import edges.',
      severity: 'error',
      from: { path: '^src/features/', pathNot: [EDGES] },
      to: { path: EDGES },
    },
    {
      name: 'generated-prisma-values',
      comment: 'Outside stores/ import only types of the generated Prisma client: use `import type`.',
      severity: 'error',
      from: { path: SERVICE, pathNot: ['^src/stores/', GENERATED] },
      to: { path: '^src/generated/prisma/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'examples-are-clients',
      comment: 'An example is a client: it imports nothing of the server.',
      severity: 'error',
      from: { path: '^examples/' },
      to: { path: '^(src|prisma|test|bench)/' },
    },
    {
      name: 'service-knows-no-tests',
      comment: 'Code that runs in production does not import tests, benchmarks, examples or scripts.',
      severity: 'error',
      from: { path: SERVICE },
      to: { path: '^(test|bench|examples|scripts)/' },
    },
    {
      name: 'no-circle',
      comment: 'Files must not import each other, directly or through others: move what both need into a third file.',
      severity: 'error',
      from: { pathNot: GENERATED },
      // Generated resolver types import the context and the rows of every feature, which import these types.
      to: { circular: true, viaOnly: { pathNot: GENERATED } },
    },
    {
      name: 'resolvable',
      comment: 'The import cannot be resolved.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types', 'typings'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.d.ts'],
    },
  },
};
