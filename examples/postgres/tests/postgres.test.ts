import { conformance } from 'dr-contracts/conformance';
import type { OpenAsset } from 'dr-contracts/spi';
import pg from 'pg';
import { postgres } from '../src/postgres.ts';
import { walArchive } from '../src/wal-archive.ts';

/** Runs a statement in the database of the drill, like a program of the platform. */
const execute = (statement: string) => async (asset: OpenAsset) => {
  const { PGHOST = '', PGPORT, PGUSER = '', PGPASSWORD = '', PGDATABASE = '' } = asset.environment();
  const client = new pg.Client({
    host: PGHOST,
    port: Number(PGPORT),
    user: PGUSER,
    password: PGPASSWORD,
    database: PGDATABASE,
  });
  await client.connect();
  await client.query(statement).finally(() => client.end());
};

const prefix = 'postgres/';
conformance(
  postgres({
    customers: 50,
    settings: 'ops/postgresql.conf',
    ops: ['ops/archive-wal.sh', 'ops/fetch-wal.sh', 'ops/s3.sh'],
    prefix,
  }),
  {
    sabotage: {
      drop: execute('delete from orders where customer = 7 and number = 2'),
      alter: execute('update customers set balance = balance + 0.000001 where id = 9'),
      add: execute("insert into currencies values ('XXX', 'none', 0)"),
      reorder: 'has no order',
    },
    protectedBy: walArchive({
      baseBackup: 'ops/base-backup.sh',
      restore: 'ops/restore.sh',
      prefix,
      archiveTimeoutMinutes: 1,
    }),
  },
);
