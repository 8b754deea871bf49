import {
  type AbsenceCheck,
  type AssetKind,
  type Clearing,
  type ContentItem,
  compareContent,
  counted,
  type Disaster,
  ExplainedError,
  environmentAccess,
  fingerprintContent,
  messagesOf,
  type OpenAsset,
  type OpenOptions,
  Scope,
  type Step,
  s3Store,
  type WaysOf,
} from 'dr-contracts/spi';
import type pg from 'pg';
import { dataFolderAccess } from './access.ts';
import { contentOf, DRILL_SCHEMA, NOT_VERIFIED } from './content.ts';
import { Host } from './host.ts';
import { Lane } from './lane.ts';
import { alterShop, FIRST_CUSTOMER, seedShop } from './seed.ts';

const disasters = [
  {
    name: 'database-dropped',
    threat: 'somebody drops the database; the server goes on',
    blastRadius: 'the database; other databases of the server stay',
    offers: [dataFolderAccess, environmentAccess],
  },
  {
    name: 'server-lost',
    threat: 'the server is killed and its disk is lost, with all WAL that was not archived yet',
    blastRadius: 'the whole server',
    offers: [dataFolderAccess, environmentAccess],
  },
] as const satisfies readonly Disaster[];

export interface PostgresOptions {
  /** Number of customers in the database. Each has two orders. */
  readonly customers: number;
  /** The settings of the platform's server: a file that its postgresql.conf includes. */
  readonly settings: string;
  /** Programs that these settings and a restore name as `"$PLATFORM_OPS"/name`. */
  readonly ops: readonly string[];
  /** The key prefix of the backups in the backup bucket, e.g. `postgres/`. The archived WAL goes below it. */
  readonly prefix: string;
}

const DATABASE = 'shop';

/** A PostgreSQL server with one database. */
export function postgres(options: PostgresOptions): AssetKind<WaysOf<typeof disasters>> {
  const { customers, settings, ops } = options;
  return {
    system: 'postgresql',
    description: `database ${DATABASE} of a PostgreSQL server, ${counted(customers, 'customer')}`,
    inScope: ['every row of every table, column by column', 'columns, constraints, indexes, sequences and views'],
    outOfScope: NOT_VERIFIED,
    needs: ['s3'],
    reads: [settings, ...ops],
    disasters,
    protectedCount: customers * 3 + 4,
    open: async (given) => await openPostgres(options, given),
  };
}

async function openPostgres(options: PostgresOptions, { target, drillId, disaster, scale, step }: OpenOptions) {
  const { sessionId } = target;
  const s3 = await target.place(s3Store);
  const scope = new Scope({ what: 'PostgreSQL', clock: step.clock });
  const host = await scope.open('machine of the server', () =>
    Host.open({
      step,
      settingsFile: options.settings,
      ops: options.ops,
      variables: {
        AWS_ENDPOINT_URL: s3.endpoint,
        AWS_REGION: s3.region,
        AWS_ACCESS_KEY_ID: s3.accessKeyId,
        AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
        BACKUP_BUCKET: s3.backupBucket,
        BACKUP_PREFIX: `${options.prefix}${drillId}/`,
      },
    }),
  );
  try {
    await host.initialise({ configured: true, step });
    await host.start(step.signal);
  } catch (error) {
    await scope[Symbol.asyncDispose]();
    throw error;
  }
  const lane = scope.own('marker lane', new Lane(() => host.client(DATABASE)));
  return new OpenPostgres({ host, lane, scope, disaster, sessionId, customers: options.customers * scale });
}

interface Parts {
  readonly host: Host;
  readonly lane: Lane;
  readonly scope: Scope;
  readonly disaster: string;
  readonly sessionId: string;
  readonly customers: number;
}

class OpenPostgres implements OpenAsset {
  readonly lanes: readonly Lane[];
  readonly secretVariables = ['PGPASSWORD'];
  readonly #parts: Parts;
  #dropAt: string | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.lanes = [parts.lane];
  }

  readonly probe: OpenAsset['probe'] = {
    reads: 'the first customer with their orders',
    writes: 'a row of a table of the drill',
    read: async (signal) => {
      const [row] = await this.#using(signal, async (client) => {
        const text =
          'select id, name, (select count(*) from orders where customer = id) as orders from customers where id = 1';
        return (await client.query<Record<string, string>>(text)).rows;
      });
      const seen = JSON.stringify(row ?? null);
      if (seen !== JSON.stringify(FIRST_CUSTOMER)) throw new Error(`the first customer is ${seen}`);
    },
    write: async (signal) => {
      const text = `insert into ${DRILL_SCHEMA}.probe values (1, clock_timestamp())
        on conflict (id) do update set written = excluded.written`;
      await this.#using(signal, (client) => client.query(text));
    },
  };

  get meanings(): Readonly<Record<string, string>> {
    if (this.#dropAt === undefined) return MEANINGS;
    const damage = 'the WAL position of the damaging statement, as `pg_waldump` shows it in the archived WAL';
    return { ...MEANINGS, RECOVERY_TARGET_LSN: damage };
  }

  environment(): Readonly<Record<string, string>> {
    const { host } = this.#parts;
    return {
      PATH: host.programs,
      PGHOST: '127.0.0.1',
      PGPORT: String(host.port),
      PGUSER: 'postgres',
      PGPASSWORD: host.password,
      PGDATABASE: DATABASE,
      PGDATA: host.dataFolder,
      PG_SERVICE: host.serviceUrl,
      ...(this.#dropAt === undefined ? {} : { RECOVERY_TARGET_LSN: this.#dropAt }),
    };
  }

  async settings(): Promise<Readonly<Record<string, string>>> {
    const names = [
      'server_version',
      'fsync',
      'synchronous_commit',
      'archive_mode',
      'archive_timeout',
      'data_checksums',
    ];
    const rows = await this.#parts.host.query('select name, setting from pg_settings where name = any($1)', [names]);
    return Object.fromEntries(rows.map(({ name, setting }) => [String(name), String(setting)]));
  }

  async seed(step: Step) {
    const { host, sessionId, customers } = this.#parts;
    await host.query(`create database ${DATABASE}`);
    await host.query(`comment on database ${DATABASE} is '${markOf(sessionId)}'`);
    const items = await this.#using(step.signal, (client) => seedShop(client, customers, step.signal));
    const [size] = await host.query('select pg_database_size($1)::text as bytes', [DATABASE]);
    const parts = [counted(customers, 'customer'), counted(customers * 2, 'order'), '4 currencies'];
    return { items, bytes: Number(size?.['bytes']), parts };
  }

  fingerprint(step: Step) {
    return this.#using(step.signal, (client) => fingerprintContent(contentOf(client), step));
  }

  async compare(expected: Parameters<OpenAsset['compare']>[0], step: Step) {
    // If a restore brought no database, every item is missing.
    const isGone = (await this.#databaseGone()).gone;
    if (isGone) return await compareContent(expected, noContent(), NOT_VERIFIED);
    return await this.#using(step.signal, (client) => compareContent(expected, contentOf(client), NOT_VERIFIED));
  }

  alter(step: Step) {
    return this.#using(step.signal, alterShop);
  }

  async identify() {
    const [row] = await this.#parts.host.query('select pg_postmaster_start_time()::text as began');
    return [{ what: 'process of the server, by its start', value: String(row?.['began']) }];
  }

  expectedProof() {
    return { absence: this.#parts.disaster === 'server-lost' ? [...ABSENCE_OF_SERVER] : [ABSENCE_OF_DATABASE] };
  }

  async destroy(step: Step, control: Parameters<OpenAsset['destroy']>[1]) {
    const { host, disaster } = this.#parts;
    await this.#requireMark();
    if (disaster === 'server-lost') {
      await host.lose(step.signal);
      return { exercised: 'the server was killed (SIGKILL), and its data folder was removed with all WAL in it' };
    }
    // Users are stopped first, because DROP DATABASE refuses while they are connected.
    await control.cutOff();
    const [row] = await host.query('select pg_current_wal_insert_lsn()::text as position');
    this.#dropAt = String(row?.['position']);
    await this.#drop();
    return { exercised: `DROP DATABASE ${DATABASE} WITH (FORCE); the server goes on` };
  }

  async proveGone(): Promise<readonly AbsenceCheck[]> {
    return this.#parts.disaster === 'server-lost' ? await this.#serverGone() : [await this.#databaseGone()];
  }

  async provision(step: Step): Promise<void> {
    const { host, disaster } = this.#parts;
    if (disaster !== 'server-lost') return;
    // The state of a new machine after the installation of the package: a cluster without a database and without the platform's settings.
    await host.initialise({ configured: false, step });
    await host.start(step.signal);
  }

  readonly clearing: Clearing = {
    clear: async () => {
      await this.#requireMark();
      await this.#drop();
    },
    proveGone: async () => [await this.#databaseGone()],
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.scope[Symbol.asyncDispose]();
  }

  async #drop(): Promise<void> {
    await this.#parts.host.query(`drop database ${DATABASE} with (force)`);
  }

  async #databaseGone(): Promise<AbsenceCheck> {
    const rows = await this.#parts.host.query('select oid from pg_database where datname = $1', [DATABASE]);
    const observed = rows.length === 0 ? 'there is none of that name' : `it is there, oid ${String(rows[0]?.['oid'])}`;
    return { what: ABSENCE_OF_DATABASE, gone: rows.length === 0, observed };
  }

  async #serverGone(): Promise<readonly AbsenceCheck[]> {
    const { host } = this.#parts;
    const files = await host.dataFiles();
    const answer = await host.query('select 1').then(
      () => 'it answers',
      (error: unknown) => messagesOf(error)[0] ?? 'no answer',
    );
    const [process, folder, port] = ABSENCE_OF_SERVER;
    return [
      { what: process, gone: !host.isAlive, observed: host.isAlive ? 'it runs' : 'it has ended' },
      { what: folder, gone: files === 0, observed: counted(files, 'entry', 'entries') },
      { what: port, gone: answer !== 'it answers', observed: answer },
    ];
  }

  /** @throws {ExplainedError} when the database is not the one that this session made. */
  async #requireMark(): Promise<void> {
    const { host, sessionId } = this.#parts;
    const text = "select shobj_description(oid, 'pg_database') as mark from pg_database where datname = $1";
    const [row] = await host.query(text, [DATABASE]);
    if (row?.['mark'] === markOf(sessionId)) return;
    throw new ExplainedError({
      thing: `database ${DATABASE}`,
      expected: `the comment "${markOf(sessionId)}"`,
      observed: row === undefined ? 'there is no such database' : `its comment is "${String(row['mark'])}"`,
      nextStep: 'Only what this run has made is destroyed.',
    });
  }

  /** Runs work with a separate connection, which ends with the signal. */
  async #using<T>(signal: AbortSignal, work: (client: pg.Client) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const client = this.#parts.host.client(DATABASE);
    const end = () => void client.end().catch(() => undefined);
    await client.connect();
    signal.addEventListener('abort', end, { once: true });
    try {
      return await work(client);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', end);
      await client.end();
    }
  }
}

async function* noContent(): AsyncGenerator<ContentItem, void, undefined> {}

const ABSENCE_OF_DATABASE = `database ${DATABASE} in pg_database`;
const ABSENCE_OF_SERVER = [
  'process of the server',
  'data folder of the server',
  'answer at the port of the server',
] as const;
const markOf = (sessionId: string): string => `disposable: session ${sessionId}`;

const MEANINGS = {
  PGHOST: 'the host of the server',
  PGPORT: 'the port of the server',
  PGUSER: 'a superuser',
  PGPASSWORD: 'the password of `PGUSER`',
  PGDATABASE: 'the database',
  PGDATA: 'the data folder of the server',
  PG_SERVICE: 'the address of the service manager in a drill; elsewhere, use systemctl',
};
