import assert from 'node:assert/strict';
import pg from 'pg';
import { pino } from 'pino';
import { drawCity, drawPoint } from '../examples/cities.ts';
import { loadConfig } from '../src/config.ts';
import { circle, cover } from '../src/features/places/areas.ts';
import { cellColumns } from '../src/features/places/cells.ts';
import { distanceTo, type Point } from '../src/features/places/geo.ts';
import { scanStatement, searchArea } from '../src/features/places/search-area.ts';
import { photoIsVisible } from '../src/features/visibility/rules.ts';
import { MAX_ID } from '../src/stores/ids.ts';
import { type Database, nameStatement, type Sql, sql } from '../src/stores/postgres.ts';
import { openStores, type Stores } from '../src/stores/stores.ts';
import { atLeast, atMost, median, type Verdict } from './measure.ts';

const SIZES = (process.env.BENCH_PHOTOS ?? '1e4,1e5,1e6,1e7').split(',').map(Number);
const RADII = [1_000, 10_000];
const PAGE = { first: 24, after: null };
const ANY_TIME = { from: 0n, before: MAX_ID };
/** Points that are drawn; photos share them when there are more. */
const POINTS = 1_000_000;
const OWNERS = 10_000;
/** Both ways are asked in turns, so that what else the machine does meets both. */
const TURNS = 10;
/** In the turns before the first, which are not counted, plans are made, code is compiled and caches are filled. */
const WARM_UP = 2;
/** In one turn. */
const QUERIES = 20;
/** The plain way is asked less often, and not again after so long. */
const PLAIN_QUERIES = 5;
const PLAIN_MS = 2_000;

/** The same numbers in each run (Lehmer's generator). */
function newRandom(): () => number {
  let state = 20_261_125;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/**
 * The newest 24 photos within 1 and 10 km: by Darkroom's SQL, and by the plain way (earthdistance with a GiST index, then sorted by time), where
 * most photos are and where there are none, among 10⁴ to 10⁷ photos that are placed as people live.
 */
export async function benchNear(env: Record<string, string>): Promise<Verdict[]> {
  const stores = await openStores(loadConfig(env), pino({ level: 'warn' }));
  const admin = new pg.Client({ connectionString: env.DATABASE_URL, connectionTimeoutMillis: 5_000 });
  const asker = new pg.Client({ connectionString: env.DATABASE_URL, connectionTimeoutMillis: 5_000, types: BIGINTS });
  const random = newRandom();
  try {
    await Promise.all([admin.connect(), asker.connect()]);
    const ask = asking(asker);
    const straight: Stores = { ...stores, db: { $queryRaw: ask } as unknown as Database };
    // Foreign keys hold by the way in which the rows are made.
    await admin.query(`set maintenance_work_mem = '1GB'; set work_mem = '1GB'; set session_replication_role = replica`);
    await preparePoints(stores, random);
    const [crowd] = await stores.db.$queryRaw<Point[]>`
      select avg(latitude) as latitude, avg(longitude) as longitude from points group by cell_7 order by count(*) desc limit 1`;
    assert(crowd);
    // In the southern Pacific.
    const desert = { latitude: -48.9, longitude: -123.4 };
    const medians = new Map<string, number>();
    let count = 0;
    for (const size of SIZES) {
      const seconds = await addPhotos(admin, count, size);
      count = size;
      console.log(
        `  ${size.toLocaleString('en')} photos: made and indexed in ${seconds.ours} s, and for the plain way in ${seconds.plain} s more`,
      );
      for (const [place, middle] of Object.entries({ crowd, desert })) {
        for (const radius of RADII) {
          const near = () => aside(middle, radius / 5, random);
          const ours: number[] = [];
          const plain: number[] = [];
          for (let turn = -WARM_UP; turn < TURNS; turn++) {
            const search = () => searchArea(straight, null, circle(near(), radius), ANY_TIME, PAGE);
            const times = await time(QUERIES, Number.POSITIVE_INFINITY, search);
            const plainTimes = await time(PLAIN_QUERIES, PLAIN_MS, () => ask(plainly(near(), radius)));
            if (turn < 0) continue;
            ours.push(...times);
            plain.push(...plainTimes);
          }
          const [inside] = await ask<{ count: bigint }>(
            sql`select count(*) as count from photo_locations where ${isWithinEarthDistance(middle, radius)}`,
          );
          report(`${place}, ${radius / 1_000} km`, inside?.count ?? 0n, ours, plain);
          medians.set(`${place} ${radius} ${size}`, median(ours));
          medians.set(`${place} ${radius} ${size} plain`, median(plain));
          await compare(straight, middle, radius);
        }
      }
    }
    for (const radius of RADII) await explain(ask, crowd, radius);
    return judge(medians);
  } finally {
    await Promise.all([admin.end(), asker.end()]);
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

type Ask = <T extends object>(statement: Sql) => Promise<T[]>;

/** Asks over a connection, without what Prisma adds, which is the same for both ways. */
function asking(client: pg.Client): Ask {
  return async <T extends object>({ text, values }: Sql) =>
    (await client.query<T>({ name: nameStatement({ sql: text }), text, values })).rows;
}

function judge(medians: ReadonlyMap<string, number>): Verdict[] {
  const of = (radius: number, size: number, which = '') => medians.get(`crowd ${radius} ${size}${which}`) ?? Number.NaN;
  const [small, largest] = [1e5, SIZES.at(-1) ?? 0];
  return RADII.flatMap((radius) => {
    const what = `${radius / 1_000} km in the most crowded place`;
    return [
      atMost(2, of(radius, largest), of(radius, small), `its median at 10⁵, ${what}`),
      atLeast(
        radius === 1_000 ? 50 : 100,
        of(radius, largest, ' plain'),
        of(radius, largest),
        `as fast as the plain way, ${what}`,
      ),
    ];
  });
}

/** Draws points and stores them with their cells, and makes the owners. */
async function preparePoints({ db }: Stores, random: () => number): Promise<void> {
  await db.$executeRaw`create extension if not exists earthdistance cascade`;
  await db.$executeRaw`create unlogged table points (number int, latitude float8, longitude float8,
    cell_1 int8, cell_3 int8, cell_5 int8, cell_7 int8, cell_9 int8, cell_11 int8)`;
  const AT_ONCE = 20_000;
  for (let first = 0; first < POINTS; first += AT_ONCE) {
    const points = Array.from({ length: AT_ONCE }, () => drawPoint(drawCity(random), random));
    const cells = points.map(cellColumns);
    const column = (values: (number | bigint)[]) => values.join();
    const cell = (name: keyof ReturnType<typeof cellColumns>) =>
      sql`string_to_array(${column(cells.map((one) => one[name]))}, ',')::int8[]`;
    await db.$executeRaw`
      insert into points select ${first}::int + number::int - 1, latitude, longitude, c1, c3, c5, c7, c9, c11
      from unnest(
        string_to_array(${column(points.map(({ latitude }) => latitude))}, ',')::float8[],
        string_to_array(${column(points.map(({ longitude }) => longitude))}, ',')::float8[],
        ${cell('cell1')}, ${cell('cell3')}, ${cell('cell5')}, ${cell('cell7')}, ${cell('cell9')}, ${cell('cell11')}
      ) with ordinality point (latitude, longitude, c1, c3, c5, c7, c9, c11, number)`;
  }
  await db.$executeRaw`create unique index on points (number)`;
  // One in ten is private.
  await db.$executeRaw`
    insert into users (id, username, email, display_name, password_hash, is_private)
    select number, 'owner' || number, 'owner' || number || '@example.org', '', '', number % 10 = 0 from generate_series(1, ${OWNERS}::int) number`;
}

const PLAIN_INDEX = 'photo_locations_earth';

/**
 * Adds photos until there are so many, and then the indexes, which is faster than beside them.
 *
 * @param admin a connection on which statements may take as long as they do
 * @returns how long it took, in seconds, without and for the index of the plain way
 */
async function addPhotos(admin: pg.Client, from: number, to: number): Promise<{ ours: number; plain: number }> {
  const began = performance.now();
  const { rows: indexes } = await admin.query<{ indexdef: string }>(`
    select indexdef from pg_indexes where tablename in ('photos', 'photo_locations') and indexname not like '%pkey'`);
  for (const { indexdef } of indexes) await admin.query(`drop index ${/INDEX (\S+) ON/.exec(indexdef)?.[1]}`);
  // One photo a second. The numbers mix the points.
  await admin.query(`
    insert into photos (id, owner_id, caption, status, media_key, published_id, width, height)
    select (number * 1000) << 23, 1 + number % ${OWNERS}, '', 'READY', 'none', ((number * 1000) << 23) + 1, 4, 3
    from generate_series(${from}::int8, ${to - 1}::int8) number`);
  await admin.query(`
    insert into photo_locations
      (photo_id, published_id, latitude, longitude, precision, cell_1, cell_3, cell_5, cell_7, cell_9, cell_11)
    select (photo * 1000) << 23, ((photo * 1000) << 23) + 1, latitude, longitude, 'EXACT', cell_1, cell_3, cell_5, cell_7, cell_9, cell_11
    from generate_series(${from}::int8, ${to - 1}::int8) photo join points on points.number = (photo * 7919) % ${POINTS}
    order by photo`);
  for (const { indexdef } of indexes) if (!indexdef.includes(PLAIN_INDEX)) await admin.query(indexdef);
  for (const table of ['photos', 'photo_locations', 'users']) await admin.query(`vacuum analyze ${table}`);
  const between = performance.now();
  await admin.query(`create index ${PLAIN_INDEX} on photo_locations using gist (ll_to_earth(latitude, longitude))`);
  await admin.query('analyze photo_locations');
  // Or what was made is written to disk while it is searched.
  await admin.query('checkpoint');
  const seconds = (ms: number) => Math.round(ms / 1_000);
  return { ours: seconds(between - began), plain: seconds(performance.now() - between) };
}

/** A point as earthdistance knows it. */
function toEarth({ latitude, longitude }: Point): Sql {
  return sql`ll_to_earth(${latitude}::float8, ${longitude}::float8)`;
}

/** The condition that a photo is within a circle, as earthdistance tells it. */
function isWithinEarthDistance(middle: Point, radius: number): Sql {
  const here = toEarth(middle);
  return sql`earth_box(${here}, ${radius}::float8) @> ll_to_earth(latitude, longitude)
    and earth_distance(${here}, ll_to_earth(latitude, longitude)) <= ${radius}::float8`;
}

/**
 * What most would write, planned each time with its values, of which PostgreSQL then computes what does not change only once. Materialized, because otherwise PostgreSQL may look through all photos of the world, newest first.
 */
function plainly(middle: Point, radius: number): Sql {
  return sql`
    with near as materialized (
      select photo_id, published_id, latitude, longitude from photo_locations
      where ${isWithinEarthDistance(middle, radius)}
    )
    select photo_id as "photoId", published_id, earth_distance(${toEarth(middle)}, ll_to_earth(latitude, longitude)) as distance
    from (select * from near order by published_id desc offset 0) newest
    where ${photoIsVisible(null, sql`photo_id`)}
    order by published_id desc limit ${PAGE.first + 1}::int`;
}

/** A point that is up to so many metres from another. */
function aside({ latitude, longitude }: Point, metres: number, random: () => number): Point {
  const degrees = metres / 111_195;
  return { latitude: latitude + (random() - 0.5) * degrees, longitude: longitude + (random() - 0.5) * degrees };
}

/** How long each of some calls takes, in milliseconds. */
async function time(most: number, mostMs: number, call: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  const began = performance.now();
  while (times.length < most && performance.now() - began < mostMs) {
    const started = performance.now();
    await call();
    times.push(performance.now() - started);
  }
  return times;
}

function report(what: string, inside: bigint, ours: readonly number[], plain: readonly number[]): void {
  const p99 = (times: readonly number[]) =>
    [...times].sort((a, b) => a - b)[Math.ceil(times.length * 0.99) - 1] ?? Number.NaN;
  const both = (times: readonly number[]) =>
    `${median(times).toFixed(2).padStart(8)} ms, p99 ${p99(times).toFixed(2).padStart(8)} ms`;
  console.log(
    `    ${what.padEnd(14)} ${inside.toLocaleString('en').padStart(9)} photos  Darkroom ${both(ours)}   earthdistance ${both(plain)}   ${(median(plain) / median(ours)).toFixed(0).padStart(4)} ×`,
  );
}

/** Both ways find the same photos, but for those at the very edge: the plain way takes the earth to be a little larger. */
async function compare(stores: Stores, middle: Point, radius: number): Promise<void> {
  const { photos } = await searchArea(stores, null, circle(middle, radius), ANY_TIME, PAGE);
  const plain = await stores.db.$queryRaw<{ photoId: bigint; distance: number }[]>(
    sql`select "photoId", ${distanceTo(middle)} as distance from (${plainly(middle, radius)}) found join photo_locations on photo_id = "photoId" order by photo_id desc`,
  );
  const isInner = ({ distance }: { distance: number | null }) => (distance ?? 0) < radius * 0.99;
  const both = [photos, plain].map((list) =>
    list
      .slice(0, PAGE.first)
      .filter(isInner)
      .map(({ photoId }) => photoId),
  );
  assert.deepEqual(both[0], both[1], 'both ways find the same');
}

async function explain(ask: Ask, middle: Point, radius: number): Promise<void> {
  const area = circle(middle, radius);
  for (const [name, statement] of [
    ['Darkroom', scanStatement(null, area, cover(area), ANY_TIME, { wanted: PAGE.first + 1, ofEach: 50 })],
    ['earthdistance', plainly(middle, radius)],
  ] as const) {
    const rows = await ask<{ 'QUERY PLAN': string }>(sql`explain (analyze, buffers) ${statement}`);
    console.log(`\n    ${name}, ${radius / 1_000} km in the most crowded place:`);
    for (const row of rows) console.log(`      ${row['QUERY PLAN']}`);
  }
}
