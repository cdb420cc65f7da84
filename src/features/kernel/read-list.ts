/**
 * Every list is read in four steps, which its feature gives as functions:
 *
 * 1. page: the next entries by keyset, from Redis or SQL: ids, or whole rows, which leave step 3 nothing to do;
 * 2. rules: the visibility rules on the whole batch, and another page while the answer is short;
 * 3. load: the rows of the whole batch at once;
 * 4. answer: the nodes that the resolvers receive.
 *
 * There are two kinds of rules. A rule that SQL can decide is a condition of the page's query, so every page is full. A
 * rule that decides by loaded rows runs after step 3: the row of a photo names its owner and its hashtags.
 *
 * - `readList` reads a page of one list, by either kind of rules.
 * - `readListOfEach` reads the same page of the lists of many parents, such as the comments of each photo in a feed,
 *   with one statement. Its rules are SQL.
 * - `answerBatch` is all but the page, for a list that finds its entries in a way of its own.
 */
import { MAX_ID } from '../../stores/ids.ts';
import type { Sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { type Connection, firstPage, type ListItem, MAX_PAGE, type PageRequest, toConnection } from './paging.ts';

/** The steps after the page: what happens to a batch of entries, in the order in which it happens. */
export interface BatchSteps<Entry, Row, Node> {
  /** The id by which the list is sorted. It is the entry's cursor. */
  sortId(entry: Entry): bigint;
  /** The rows of the entries, in their order; null for a row that no longer exists. */
  load(entries: readonly Entry[]): Promise<readonly (Row | null)[]>;
  /** Whether the viewer may see each of the rows. */
  rules(rows: readonly Row[]): Promise<readonly boolean[]>;
  /** The node that a row becomes. */
  answer(row: Row): Node;
}

/** The steps of one list. */
export interface ListSteps<Entry, Row, Node> extends BatchSteps<Entry, Row, Node> {
  /** The next `count` entries beyond `after`, or from the top when it is null. Fewer than `count` end the list. */
  page(after: bigint | null, count: number): Promise<Entry[]>;
}

/** The steps of the lists of many parents. The rules are part of the query. */
export interface ListOfEachSteps<Columns, Row, Node>
  extends Pick<BatchSteps<Columns & EntryKeys, Row, Node>, 'load' | 'answer'> {
  /** The table of the entries, its columns with the parent's id and the sort id, and further columns to read. */
  page: { table: Sql; parentId: Sql; sortId: Sql; columns: Sql };
  /** The condition that the viewer may see an entry. */
  rules: Sql;
}

/** The columns that every entry of a list of many parents has. */
export interface EntryKeys {
  parentId: bigint;
  sortId: bigint;
}

/** Pages that are read for one answer. After these the client gets a short page that says that there is a next one. */
const MAX_ROUNDS = 10;

/** Reads a page of a list. It reads up to 10 pages of entries, because the rules may leave entries out. */
export async function readList<Entry, Row, Node>(
  { first, after }: PageRequest,
  { page, ...steps }: ListSteps<Entry, Row, Node>,
): Promise<Connection<Node>> {
  const items: ListItem<Node>[] = [];
  let last = after;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    // One more than requested shows whether there is a next page. Rules that left out much of a page will do so again.
    const count = round === 0 ? first + 1 : MAX_PAGE;
    const entries = await page(last, count);
    items.push(...(await answerBatch(entries, steps)));
    if (items.length > first || entries.length < count) return firstPage(items, first);
    const lowest = entries.at(-1);
    if (lowest !== undefined) last = steps.sortId(lowest);
  }
  return toConnection(items, true, last ?? undefined);
}

/** Makes items of those entries that still exist and that the viewer may see. */
export async function answerBatch<Entry, Row, Node>(
  entries: readonly Entry[],
  { sortId, load, rules, answer }: BatchSteps<Entry, Row, Node>,
): Promise<ListItem<Node>[]> {
  const loaded = withRows(entries, await load(entries));
  const visible = await rules(loaded.map(({ row }) => row));
  return loaded
    .filter((_, index) => visible[index])
    .map(({ entry, row }) => ({ sortId: sortId(entry), node: answer(row) }));
}

/**
 * Reads the same page of the lists of many parents, the newest entries first, with one statement.
 *
 * @returns in the order of the parents
 */
export async function readListOfEach<Columns, Row, Node>(
  { db }: Stores,
  parentIds: readonly bigint[],
  { first, after }: PageRequest,
  { page: { table, parentId, sortId, columns }, rules, load, answer }: ListOfEachSteps<Columns, Row, Node>,
): Promise<Connection<Node>[]> {
  const entries = await db.$queryRaw<(Columns & EntryKeys)[]>`
    select parent.id as "parentId", entry.*
    from unnest(${[...parentIds]}::bigint[]) parent (id)
    cross join lateral (
      select ${sortId} as "sortId", ${columns} from ${table}
      where ${parentId} = parent.id and ${sortId} < ${after ?? MAX_ID} and ${rules}
      order by ${sortId} desc
      limit ${first + 1}
    ) entry
    order by entry."sortId" desc`;
  const loaded = withRows(entries, await load(entries));
  const byParent = Map.groupBy(loaded, ({ entry }) => entry.parentId);
  return parentIds.map((id) => {
    const items = (byParent.get(id) ?? []).map(({ entry, row }) => ({ sortId: entry.sortId, node: answer(row) }));
    return firstPage(items, first);
  });
}

/** The step `rules` of a list whose page holds only what the viewer may see. */
export async function ruledByPage<Row>(rows: readonly Row[]): Promise<readonly boolean[]> {
  return rows.map(() => true);
}

/** The entries whose row exists, with it. */
function withRows<Entry, Row>(entries: readonly Entry[], rows: readonly (Row | null)[]): { entry: Entry; row: Row }[] {
  return entries.flatMap((entry, index) => {
    const row = rows[index];
    return row === null || row === undefined ? [] : [{ entry, row }];
  });
}
