/**
 * A few people use a running Darkroom: `npm run demo`, or `npm run demo -- holiday/*.jpg`. DARKROOM_URL is the URL of
 * the API, by default http://localhost:4000/graphql.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import sharp from 'sharp';
import { drawCity, drawPoint } from './cities.ts';
import { Darkroom, type Point, type SharedPoint } from './client.ts';

const ADDRESS = process.env.DARKROOM_URL || 'http://localhost:4000/graphql';
const PASSWORD = 'a demo password';
/** The time within which a photo must be processed and arrive. */
const TIMEOUT_MS = 30_000;
const TYPES: Record<string, string> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
};

interface Photo {
  id: string;
  caption: string;
  status: string;
  failure: { message: string } | null;
  owner: { username: string };
  width: number;
  height: number;
  image: { url: string };
  likeCount: number;
  commentCount: number;
  location: (Point & { precision: string; place: { name: string } | null }) | null;
}

const PHOTO = `id caption status failure { message } owner { username } width height
  image(size: WIDTH_1080) { url } likeCount commentCount location { latitude longitude precision place { name } }`;

/** Signs up a person and logs in. Usernames end in random characters, so that the demo can run repeatedly. */
async function newPerson(name: string): Promise<Darkroom & { id: string; username: string }> {
  const client = new Darkroom(ADDRESS);
  const username = `${name.toLowerCase()}.${randomBytes(3).toString('hex')}`;
  const account = { username, email: `${username}@example.org`, password: PASSWORD, displayName: name, device: 'demo' };
  const { token, viewer } = await client.mutate<{ token: string; viewer: { user: { id: string } } }>(
    'signUp',
    account,
    'token viewer { user { id } }',
  );
  client.token = token;
  return Object.assign(client, { id: viewer.user.id, username });
}

/** Paints a picture in soft colours, for a demo without files. */
async function paint(): Promise<Buffer> {
  const colour = () => `hsl(${Math.floor(Math.random() * 360)} 70% 60%)`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="1200">
    <defs><linearGradient id="sky" x2="0" y2="1">
      <stop stop-color="${colour()}"/><stop offset="1" stop-color="${colour()}"/>
    </linearGradient></defs>
    <rect width="1600" height="1200" fill="url(#sky)"/>
    <circle cx="${Math.random() * 1600}" cy="400" r="180" fill="${colour()}"/>
  </svg>`;
  return sharp(Buffer.from(svg)).jpeg({ quality: 90 }).toBuffer();
}

async function readFiles(paths: string[]): Promise<{ caption: string; type: string; file: Buffer }[]> {
  if (paths.length === 0) {
    const captions = ['First light', 'On the pier', 'Almost home'];
    return Promise.all(captions.map(async (caption) => ({ caption, type: 'image/jpeg', file: await paint() })));
  }
  return Promise.all(
    paths.map(async (path) => {
      const type = TYPES[extname(path).toLowerCase()];
      if (!type) throw new Error(`${path}: only ${Object.keys(TYPES).join(', ')} can be shared.`);
      const file = await readFile(path).catch((error: Error) => {
        throw new Error(`${path} cannot be read: ${error.message}`);
      });
      return { caption: basename(path), type, file };
    }),
  );
}

/**
 * Chooses a photo's location: the one in the file's metadata, to about a kilometre, or a random city if it has none.
 */
function locate(suggestion: Point | null): SharedPoint {
  if (suggestion) {
    console.log(`  The uploader is offered ${format(suggestion)}, and shows it to about a kilometre.`);
    return { ...suggestion, precision: 'KILOMETRE' };
  }
  const city = drawCity(Math.random);
  return { ...drawPoint(city, Math.random), precision: 'CITY', placeName: city.name };
}

function format({ latitude, longitude }: Point): string {
  return `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
}

/** Polls until a photo is READY or FAILED. (The subscription `photo` would deliver that.) */
async function waitUntilProcessed(client: Darkroom, id: string): Promise<Photo> {
  for (const deadline = Date.now() + TIMEOUT_MS; Date.now() < deadline; ) {
    const { node } = await client.query<{ node: Photo }>(
      `query ($id: ID!) { node(id: $id) { ... on Photo { ${PHOTO} } } }`,
      { id },
    );
    if (node.status !== 'PROCESSING') return node;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`The photo is still PROCESSING after ${TIMEOUT_MS / 1_000} seconds. Does a worker run?`);
}

/** Prints a table. @param rows the first row has the names of the columns */
function printTable(rows: string[][]): void {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows)
    console.log(
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}`,
    );
}

async function run(): Promise<void> {
  const files = await readFiles(process.argv.slice(2));
  const [ada, ben, cleo] = await Promise.all([newPerson('Ada'), newPerson('Ben'), newPerson('Cleo')]);
  await Promise.all([ada, ben].map((author) => cleo.mutate('follow', { userId: author.id }, 'user { id }')));
  console.log(
    `${ada.username} and ${ben.username} share; ${cleo.username} follows both and subscribes to the home feed.\n`,
  );

  const arrived = new Map<string, { photo: Photo; at: number }>();
  let onArrival = () => {};
  const stop = await cleo.subscribe<{ photo: Photo }>('homeFeed', `photo { ${PHOTO} }`, ({ photo }) => {
    arrived.set(photo.id, { photo, at: performance.now() });
    onArrival();
  });

  const times: number[] = [];
  const failed: string[] = [];
  for (const [index, { caption, type, file }] of files.entries()) {
    const author = index % 2 === 0 ? ada : ben;
    const { id, requestedAt } = await author.share(file, type, caption, locate);
    const settled = await waitUntilProcessed(author, id);
    if (settled.failure) {
      failed.push(caption);
      console.log(`  ${caption} could not be made ready: ${settled.failure.message}`);
      continue;
    }
    while (!arrived.has(id)) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${caption} did not arrive in time.`)), TIMEOUT_MS);
        onArrival = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const { photo, at } = arrived.get(id) ?? { photo: settled, at: requestedAt };
    times.push(at - requestedAt);
    const size = `${photo.width} × ${photo.height}`;
    console.log(`  ${caption} by ${photo.owner.username}, ${size}, arrived after ${Math.round(at - requestedAt)} ms`);
    await cleo.mutate('likePhoto', { photoId: id }, 'photo { likeCount }');
    const other = author === ada ? ben : ada;
    await other.mutate('addComment', { photoId: id, text: 'Lovely!' }, 'comment { id }');
  }
  stop();

  times.sort((a, b) => a - b);
  if (times.length > 0) {
    const median = times[Math.floor((times.length - 1) / 2)] ?? 0;
    const worst = times.at(-1) ?? 0;
    console.log(`\nFrom publishPhoto to the follower: median ${Math.round(median)} ms, worst ${Math.round(worst)} ms.`);
  }
  // Counts in lists lag by up to half a second.
  await new Promise((resolve) => setTimeout(resolve, 700));
  const { homeFeed } = await cleo.query<{ homeFeed: { nodes: Photo[] } }>(`{ homeFeed { nodes { ${PHOTO} } } }`);
  console.log(`\n${cleo.username}'s home feed:`);
  printTable([
    ['caption', 'owner', 'likes', 'comments', 'where', 'image'],
    ...homeFeed.nodes.map(({ caption, owner, likeCount, commentCount, location, image }) => [
      caption,
      owner.username,
      String(likeCount),
      String(commentCount),
      location ? (location.place?.name ?? `about ${format(location)}`) : '',
      image.url,
    ]),
  ]);
  console.log(`
To look around as ${cleo.username}, open ${ADDRESS} in a browser and send
  mutation { logIn(input: { login: "${cleo.username}", password: "${PASSWORD}" }) { token } }
then set the header Authorization to "Bearer " and that token, and send
  { homeFeed { nodes { caption owner { username } likeCount } } }`);
  if (failed.length > 0) throw new Error(`${failed.length} of ${files.length} files could not be shared.`);
}

try {
  await run();
  process.exit(0);
} catch (error) {
  const { cause, message } = error as Error;
  // fetch cannot reach the server: connection refused, unknown host, no route.
  const isUnreachable = message === 'fetch failed' && cause !== undefined;
  console.error(
    isUnreachable ? `No Darkroom answers at ${ADDRESS}. Start it with "npm start", or set DARKROOM_URL.` : message,
  );
  process.exit(1);
}
