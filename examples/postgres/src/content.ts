import { createHash } from 'node:crypto';
import { type ContentItem, compareText } from 'dr-contracts/spi';
import type pg from 'pg';
import Cursor from 'pg-cursor';

const ROWS_AT_ONCE = 500;
/** The fingerprint has digests in place of longer values. */
const LONGEST_SHOWN = 80;
/** The schema of the drill's own markers and probe writes. */
export const DRILL_SCHEMA = 'dr_drill';

interface Table {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
  readonly key: readonly { readonly name: string; readonly isNumber: boolean }[];
}

export const NOT_VERIFIED = [
  'roles, grants, extensions and settings of the server',
  'how far a sequence has come: a recovery may move it on by 32 values',
  'large objects',
  'rows of tables without a primary key, beside their number',
];

/** Yields all content that must come back, sorted by kind and name; rows are streamed in the order of their primary key. */
export async function* contentOf(client: pg.Client): AsyncGenerator<ContentItem, void, undefined> {
  yield* described(client, 'columns', COLUMNS);
  yield* described(client, 'constraints', CONSTRAINTS);
  yield* described(client, 'indexes', INDEXES);
  const tables = await tablesOf(client);
  for (const table of tables) yield* rowsOf(client, table);
  yield* described(client, 'sequences', SEQUENCES);
  yield* described(client, 'views', VIEWS);
}

const OWN = `n.nspname not in ('pg_catalog', 'information_schema', '${DRILL_SCHEMA}') and n.nspname not like 'pg\\_%'`;
const COLUMNS = `
  select n.nspname || '.' || c.relname || '.' || a.attname as name,
    format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
      || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') as definition
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped and ${OWN}`;
const CONSTRAINTS = `
  select n.nspname || '.' || c.relname || '.' || k.conname as name, pg_get_constraintdef(k.oid) as definition
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace where ${OWN}`;
const INDEXES = `
  select n.nspname || '.' || c.relname as name, pg_get_indexdef(c.oid) as definition
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'i' and ${OWN}`;
const SEQUENCES = `
  select n.nspname || '.' || c.relname as name, concat_ws(' ', s.seqstart, s.seqincrement, s.seqmax, s.seqmin) as definition
  from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace where ${OWN}`;
const VIEWS = `
  select n.nspname || '.' || c.relname as name, pg_get_viewdef(c.oid) as definition
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('v', 'm') and ${OWN}`;

async function* described(client: pg.Client, kind: string, query: string): AsyncGenerator<ContentItem> {
  const { rows } = await client.query<{ name: string; definition: string }>(query);
  for (const { name, definition } of rows.sort((one, other) => compareText(one.name, other.name))) {
    yield { kind, name, sizeBytes: 0, fields: { definition } };
  }
}

async function tablesOf(client: pg.Client): Promise<readonly Table[]> {
  const { rows } = await client.query<{ schema: string; name: string; columns: string[]; key: Table['key'] | null }>(`
    select n.nspname as schema, c.relname as name,
      array(select a.attname::text from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attname) as columns,
      (select json_agg(json_build_object('name', a.attname, 'isNumber', a.atttypid in (20, 21, 23)) order by k.position)
        from pg_index i, unnest(i.indkey::int2[]) with ordinality as k(attnum, position), pg_attribute a
        where i.indrelid = c.oid and i.indisprimary and a.attrelid = c.oid and a.attnum = k.attnum) as key
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and ${OWN}`);
  return rows
    .map(({ key, ...table }) => ({ ...table, key: key ?? [] }))
    .sort((one, other) => compareText(kindOf(one), kindOf(other)));
}

const kindOf = ({ schema, name }: Pick<Table, 'schema' | 'name'>): string =>
  `rows of ${schema === 'public' ? name : `${schema}.${name}`}`;

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Yields the rows of a table. Numbers are padded, so their text has the order of the index and the server sorts nothing. */
async function* rowsOf(client: pg.Client, table: Table): AsyncGenerator<ContentItem, void, undefined> {
  const { schema, name, columns, key } = table;
  const place = `${quoted(schema)}.${quoted(name)}`;
  if (key.length === 0) {
    const { rows } = await client.query<{ count: string }>(`select count(*) from ${place}`);
    yield { kind: kindOf(table), name: 'number of rows', sizeBytes: 0, fields: { count: rows[0]?.count ?? '' } };
    return;
  }
  const parts = key.map((each) => {
    const column = `t.${quoted(each.name)}`;
    return each.isNumber ? `lpad(${column}::text, 20, '0')` : `${column}::text`;
  });
  // Orders by the columns of the table: a plain name would mean the text in the select list.
  const order = key.map(({ name: column, isNumber }) => `t.${quoted(column)}${isNumber ? '' : '::text collate "C"'}`);
  const values = columns.map((column) => `t.${quoted(column)}::text`);
  const text = `select concat_ws(' ', ${parts.join(', ')}), ${values.join(', ')} from ${place} as t order by ${order.join(', ')}`;
  const cursor = client.query(new Cursor<(string | null)[]>(text, [], { rowMode: 'array' }));
  try {
    for (;;) {
      const rows = await cursor.read(ROWS_AT_ONCE);
      if (rows.length === 0) return;
      for (const [item, ...row] of rows) {
        const fields = Object.fromEntries(columns.map((column, index) => [column, shown(row[index] ?? null)]));
        const sizeBytes = row.reduce((sum, value) => sum + (value === null ? 0 : Buffer.byteLength(value)), 0);
        yield { kind: kindOf(table), name: item ?? '', sizeBytes, fields };
      }
    }
  } finally {
    await cursor.close();
  }
}

/** Returns the printed value; NULL differs from an empty text. */
function shown(value: string | null): string {
  if (value === null) return 'NULL';
  if (value.length <= LONGEST_SHOWN) return JSON.stringify(value);
  return `sha256:${createHash('sha256').update(value).digest('hex')}`;
}
