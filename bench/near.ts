import assert from 'node:assert/strict';
import pg from 'pg';
import { pino } from 'pino';
import { drawCity, drawPoint } from '../examples/cities.ts';
import { loadConfig } from '../src/config.ts';
import { circle, cover } from '../src/features/places/areas.ts';
import { cellColumns } from '../src/features/places/cells.ts';
import { distanceTo, type Point } from '../src/features/places/geo.ts';
import { scanStatement, searchArea } from '../src/features/places/search-area.ts';
import { photoIsVisible } from '../src/features/visibility/sql-conditions.ts';
import { MAX_ID } from '../src/stores/ids.ts';
import { type Database, nameStatement, type Sql, sql } from '../src/stores/postgres.ts';
import { openStores, type Stores } from '../src/stores/stores.ts';
import { atLeast, atMost, median, quantile, type Verdict } from './measure.ts';

const SIZES = (process.env.BENCH_PHOTOS ?? '1e4,1e5,1e6,1e7').split(',').map(Number);
const RADII = [1_000, 10_000];
const PAGE = { first: 24, after: null };
const ANY_TIME = { from: 0n, before: MAX_ID };
/** The number of different points. With more photos than points, photos share them. */
const POINTS = 1_000_000;
const OWNERS = 10_000;
/** Both methods take turns, so that other load on the machine affects both. */
const TURNS = 10;
/** Turns before the counted ones, in which plans are made, code is compiled and caches are filled. */
const WARM_UP = 2;
/** Queries per turn. */
const QUERIES = 20;
/** The plain method makes fewer queries per turn, and none after this time. */
const PLAIN_QUERIES = 5;
const PLAIN_MS = 2_000;

/** Lehmer's generator, which returns the same numbers in each run. */
function newRandom(): () => number {
  let state = 20_261_125;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/**
 * Searches for the newest 24 photos within 1 and 10 km, with Darkroom's SQL and with the plain method (earthdistance
 * with a GiST index, then a sort by time). Searches where most photos are and where there are none, among 10⁴ to 10⁷
 * photos that are distributed like the world's population.
 */
export async function benchNear(env: Record<string, string>): Promise<Verdict[]> {
  const stores = await openStores(loadConfig(env), pino({ level: 'warn' }));
  const admin = new pg.Client({ connectionString: env.DATABASE_URL, connectionTimeoutMillis: 5_000 });
  const client = new pg.Client({ connectionString: env.DATABASE_URL, connectionTimeoutMillis: 5_000, types: BIGINTS });
  const random = newRandom();
  try {
    await Promise.all([admin.connect(), client.connect()]);
    const query = queryWith(client);
    const directStores: Stores = { ...stores, db: { $queryRaw: query } as unknown as Database };
    // Do not check foreign keys: the inserted rows satisfy them.
    await admin.query(`
      set maintenance_work_mem = '1GB'; set work_mem = '1GB'; set session_replication_role = replica`);
    await preparePoints(stores, random);
    const [crowd] = await stores.db.$queryRaw<Point[]>`
      select avg(latitude) as latitude, avg(longitude) as longitude from points
      group by cell_7 order by count(*) desc limit 1`;
    assert(crowd);
    // In the southern Pacific.
    const desert = { latitude: -48.9, longitude: -123.4 };
    const medians = new Map<string, number>();
    let count = 0;
    for (const size of SIZES) {
      const seconds = await addPhotos(admin, count, size);
      count = size;
      console.log(
        `  ${size.toLocaleString('en')} photos: made and indexed in ${seconds.ours} s, ` +
          `and for the plain way in ${seconds.plain} s more`,
      );
      for (const [area, middle] of Object.entries({ crowd, desert })) {
        for (const radius of RADII) {
          const newPoint = () => pointNear(middle, radius / 5, random);
          const ours: number[] = [];
          const plain: number[] = [];
          for (let turn = -WARM_UP; turn < TURNS; turn++) {
            const search = () => searchArea(directStores, null, circle(newPoint(), radius), ANY_TIME, PAGE);
            const times = await time(QUERIES, Number.POSITIVE_INFINITY, search);
            const plainTimes = await time(PLAIN_QUERIES, PLAIN_MS, () => query(plainQuery(newPoint(), radius)));
            if (turn < 0) continue;
            ours.push(...times);
            plain.push(...plainTimes);
          }
          const [inside] = await query<{ count: bigint }>(
            sql`select count(*) as count from photo_locations where ${isWithinEarthDistance(middle, radius)}`,
          );
          report(`${area}, ${radius / 1_000} km`, inside?.count ?? 0n, ours, plain);
          medians.set(`${area} ${radius} ${size}`, median(ours));
          medians.set(`${area} ${radius} ${size} plain`, median(plain));
          await compare(directStores, middle, radius);
        }
      }
    }
    for (const radius of RADII) await explain(query, crowd, radius);
    return judge(medians);
  } finally {
    await Promise.all([admin.end(), client.end()]);
    await stores.close();
  }
}

const INT8: number = pg.types.builtins.INT8;
const INT8_ARRAY: number = 1016;
const parseStrings = pg.types.getTypeParser(INT8_ARRAY, 'text') as (text: string) => string[];
const BIGINTS = {
  getTypeParser: ((id: number, format?: 'text') => {
    if (id === INT8) return BigInt;
    if (id === INT8_ARRAY) return (text: string) => parseStrings(text).map(BigInt);
    return pg.types.getTypeParser(id, format);
  }) as typeof pg.types.getTypeParser,
};

type Query = <T extends object>(statement: Sql) => Promise<T[]>;

/** Queries over a connection without Prisma, whose overhead would be the same for both methods. */
function queryWith(client: pg.Client): Query {
  return async <T extends object>({ text, values }: Sql) =>
    (await client.query<T>({ name: nameStatement({ sql: text }), text, values })).rows;
}

function judge(medians: ReadonlyMap<string, number>): Verdict[] {
  const medianOf = (radius: number, size: number, method = '') =>
    medians.get(`crowd ${radius} ${size}${method}`) ?? Number.NaN;
  const [small, largest] = [1e5, SIZES.at(-1) ?? 0];
  return RADII.flatMap((radius) => {
    const what = `${radius / 1_000} km in the most crowded place`;
    return [
      atMost(2, medianOf(radius, largest), medianOf(radius, small), `its median at 10⁵, ${what}`),
      atLeast(
        radius === 1_000 ? 50 : 100,
        medianOf(radius, largest, ' plain'),
        medianOf(radius, largest),
        `as fast as the plain way, ${what}`,
      ),
    ];
  });
}

/** Draws points, stores them with their cells, and creates the owners. */
async function preparePoints({ db }: Stores, random: () => number): Promise<void> {
  await db.$executeRaw`create extension if not exists earthdistance cascade`;
  await db.$executeRaw`create unlogged table points (number int, latitude float8, longitude float8,
    cell_1 int8, cell_3 int8, cell_5 int8, cell_7 int8, cell_9 int8, cell_11 int8)`;
  const BATCH_SIZE = 20_000;
  for (let first = 0; first < POINTS; first += BATCH_SIZE) {
    const points = Array.from({ length: BATCH_SIZE }, () => drawPoint(drawCity(random), random));
    const cells = points.map(cellColumns);
    const column = (values: (number | bigint)[]) => values.join();
    const cell = (name: keyof ReturnType<typeof cellColumns>) =>
      sql`string_to_array(${column(cells.map((columns) => columns[name]))}, ',')::int8[]`;
    await db.$executeRaw`
      insert into points select ${first}::int + number::int - 1, latitude, longitude, c1, c3, c5, c7, c9, c11
      from unnest(
        string_to_array(${column(points.map(({ latitude }) => latitude))}, ',')::float8[],
        string_to_array(${column(points.map(({ longitude }) => longitude))}, ',')::float8[],
        ${cell('cell1')}, ${cell('cell3')}, ${cell('cell5')}, ${cell('cell7')}, ${cell('cell9')}, ${cell('cell11')}
      ) with ordinality point (latitude, longitude, c1, c3, c5, c7, c9, c11, number)`;
  }
  await db.$executeRaw`create unique index on points (number)`;
  // One account in ten is private.
  await db.$executeRaw`
    insert into users (id, username, email, display_name, password_hash, is_private)
    select number, 'owner' || number, 'owner' || number || '@example.org', '', '', number % 10 = 0
    from generate_series(1, ${OWNERS}::int) number`;
}

const PLAIN_INDEX = 'photo_locations_earth';

/**
 * Adds photos. Drops the indexes before and creates them again after, which is faster than updating them.
 *
 * @param admin a connection without a statement timeout
 * @param from the current number of photos
 * @param to the number of photos to reach
 * @returns the seconds that it took without the index of the plain method, and those for that index
 */
async function addPhotos(admin: pg.Client, from: number, to: number): Promise<{ ours: number; plain: number }> {
  const startedAt = performance.now();
  const { rows: indexes } = await admin.query<{ indexdef: string }>(`
    select indexdef from pg_indexes where tablename in ('photos', 'photo_locations') and indexname not like '%pkey'`);
  for (const { indexdef } of indexes) await admin.query(`drop index ${/INDEX (\S+) ON/.exec(indexdef)?.[1]}`);
  // One photo per second. The multiplication below distributes the points over time.
  await admin.query(`
    insert into photos (id, owner_id, caption, status, media_key, published_id, width, height)
    select (number * 1000) << 23, 1 + number % ${OWNERS}, '', 'READY', 'none', ((number * 1000) << 23) + 1, 4, 3
    from generate_series(${from}::int8, ${to - 1}::int8) number`);
  await admin.query(`
    insert into photo_locations
      (photo_id, published_id, latitude, longitude, precision, cell_1, cell_3, cell_5, cell_7, cell_9, cell_11)
    select (photo * 1000) << 23, ((photo * 1000) << 23) + 1, latitude, longitude, 'EXACT',
      cell_1, cell_3, cell_5, cell_7, cell_9, cell_11
    from generate_series(${from}::int8, ${to - 1}::int8) photo join points on points.number = (photo * 7919) % ${POINTS}
    order by photo`);
  for (const { indexdef } of indexes) if (!indexdef.includes(PLAIN_INDEX)) await admin.query(indexdef);
  for (const table of ['photos', 'photo_locations', 'users']) await admin.query(`vacuum analyze ${table}`);
  const indexedAt = performance.now();
  await admin.query(`create index ${PLAIN_INDEX} on photo_locations using gist (ll_to_earth(latitude, longitude))`);
  await admin.query('analyze photo_locations');
  // Otherwise the new data would be written to disk during the searches.
  await admin.query('checkpoint');
  const seconds = (ms: number) => Math.round(ms / 1_000);
  return { ours: seconds(indexedAt - startedAt), plain: seconds(performance.now() - indexedAt) };
}

/** A point in earthdistance's form. */
function toEarth({ latitude, longitude }: Point): Sql {
  return sql`ll_to_earth(${latitude}::float8, ${longitude}::float8)`;
}

/** The condition that a photo is within a circle, by earthdistance. */
function isWithinEarthDistance(middle: Point, radius: number): Sql {
  const here = toEarth(middle);
  return sql`earth_box(${here}, ${radius}::float8) @> ll_to_earth(latitude, longitude)
    and earth_distance(${here}, ll_to_earth(latitude, longitude)) <= ${radius}::float8`;
}

/**
 * The usual query. It is planned each time with its values, so PostgreSQL computes constant expressions only once. The
 * CTE is materialized, because otherwise PostgreSQL may scan all photos of the world, newest first.
 */
function plainQuery(middle: Point, radius: number): Sql {
  return sql`
    with near as materialized (
      select photo_id, published_id, latitude, longitude from photo_locations
      where ${isWithinEarthDistance(middle, radius)}
    )
    select photo_id as "photoId", published_id,
      earth_distance(${toEarth(middle)}, ll_to_earth(latitude, longitude)) as distance
    from (select * from near order by published_id desc offset 0) newest
    where ${photoIsVisible(null, sql`photo_id`)}
    order by published_id desc limit ${PAGE.first + 1}::int`;
}

/** A random point near another: each coordinate differs by up to `metres` / 2. */
function pointNear({ latitude, longitude }: Point, metres: number, random: () => number): Point {
  const degrees = metres / 111_195;
  return { latitude: latitude + (random() - 0.5) * degrees, longitude: longitude + (random() - 0.5) * degrees };
}

/** Times calls. @returns the milliseconds of each, for up to `maxCalls` calls or until `maxMs` have passed */
async function time(maxCalls: number, maxMs: number, call: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  const startedAt = performance.now();
  while (times.length < maxCalls && performance.now() - startedAt < maxMs) {
    const calledAt = performance.now();
    await call();
    times.push(performance.now() - calledAt);
  }
  return times;
}

function report(what: string, inside: bigint, ours: readonly number[], plain: readonly number[]): void {
  const figures = (times: readonly number[]) =>
    `${median(times).toFixed(2).padStart(8)} ms, p99 ${quantile(times, 0.99).toFixed(2).padStart(8)} ms`;
  const photos = `${what.padEnd(14)} ${inside.toLocaleString('en').padStart(9)} photos`;
  const ratio = (median(plain) / median(ours)).toFixed(0).padStart(4);
  console.log(`    ${photos}  Darkroom ${figures(ours)}   earthdistance ${figures(plain)}   ${ratio} ×`);
}

/**
 * Asserts that both methods find the same photos, except near the edge: earthdistance assumes a slightly larger earth.
 */
async function compare(stores: Stores, middle: Point, radius: number): Promise<void> {
  const { photos } = await searchArea(stores, null, circle(middle, radius), ANY_TIME, PAGE);
  const plain = await stores.db.$queryRaw<{ photoId: bigint; distance: number }[]>(
    sql`select "photoId", ${distanceTo(middle)} as distance
      from (${plainQuery(middle, radius)}) found join photo_locations on photo_id = "photoId" order by photo_id desc`,
  );
  const isInner = ({ distance }: { distance: number | null }) => (distance ?? 0) < radius * 0.99;
  const both = [photos, plain].map((list) =>
    list
      .slice(0, PAGE.first)
      .filter(isInner)
      .map(({ photoId }) => photoId),
  );
  assert.deepEqual(both[0], both[1], 'both methods find the same');
}

async function explain(query: Query, middle: Point, radius: number): Promise<void> {
  const area = circle(middle, radius);
  for (const [name, statement] of [
    ['Darkroom', scanStatement(null, area, cover(area), ANY_TIME, { maxPhotos: PAGE.first + 1, rowsPerCell: 50 })],
    ['earthdistance', plainQuery(middle, radius)],
  ] as const) {
    const rows = await query<{ 'QUERY PLAN': string }>(sql`explain (analyze, buffers) ${statement}`);
    console.log(`\n    ${name}, ${radius / 1_000} km in the most crowded place:`);
    for (const row of rows) console.log(`      ${row['QUERY PLAN']}`);
  }
}
