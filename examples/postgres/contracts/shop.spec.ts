import { contract } from 'dr-contracts';
import { postgres } from '../src/postgres.ts';
import { walArchive } from '../src/wal-archive.ts';

const prefix = 'postgres/';

contract({
  name: 'shop-database',
  asset: postgres({
    customers: 2_000,
    settings: 'ops/postgresql.conf',
    ops: ['ops/archive-wal.sh', 'ops/fetch-wal.sh', 'ops/s3.sh'],
    prefix,
  }),
  rto: '15m',
  rpo: '5m',
  priority: 'P0',
  owner: 'shop-team',
  protectedBy: walArchive({
    baseBackup: 'ops/base-backup.sh',
    restore: 'ops/restore.sh',
    prefix,
    archiveTimeoutMinutes: 1,
  }),
  survives: ['database-dropped', 'server-lost'],
});
