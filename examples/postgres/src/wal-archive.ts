import { readFile } from 'node:fs/promises';
import {
  arrived,
  backupMachine,
  ContractMistakeError,
  ExplainedError,
  lastLines,
  notYet,
  observeBackup,
  type Procedure,
  type ProcedureContext,
  type ProgramRun,
  performing,
  platformPath,
  type RestoreContext,
  restoreMachine,
  runProcess,
  s3Store,
  waitFor,
} from 'dr-contracts/spi';
import pg from 'pg';
import { dataFolderAccess } from './access.ts';

export interface WalArchiveOptions {
  /** The executable that takes a base backup and uploads it below `BACKUP_PREFIX`. */
  readonly baseBackup: string;
  /** The executable that restores the newest base backup below `RECOVERY_POINT` and replays the archived WAL. */
  readonly restore: string;
  /** The key prefix of the backups in the backup bucket; the same as the asset's. */
  readonly prefix: string;
  /** `archive_timeout` of the server, in minutes: a divisor of 60. */
  readonly archiveTimeoutMinutes: number;
}

const UNTIL = '@';
const ARCHIVE_BUDGET_MS = 120_000;

/**
 * A base backup and an archive of all later WAL. The WAL of each minute (or of this many minutes) is a recovery point. A drill takes only
 * one base backup, so its second recovery point is only WAL, like most in production.
 */
export function walArchive(options: WalArchiveOptions): Procedure<typeof dataFolderAccess.name> {
  const { baseBackup, restore, prefix, archiveTimeoutMinutes: minutes } = options;
  if (!Number.isInteger(minutes) || minutes < 1 || 60 % minutes !== 0) {
    throw new ContractMistakeError({
      thing: 'walArchive({ archiveTimeoutMinutes })',
      expected: 'a whole number of minutes that divides 60',
      observed: `it is ${minutes}`,
      nextStep: "Set the server's archive_timeout to such a value, and name it here.",
    });
  }
  return {
    description: `base backups by ${baseBackup}, and an archive of WAL; restored by ${restore}`,
    protects: [dataFolderAccess],
    needs: ['s3'],
    schedule: { cron: minutes === 1 ? '* * * * *' : `*/${minutes} * * * *`, timeZone: 'UTC' },
    reads: [baseBackup, restore],

    async check() {
      for (const path of [baseBackup, restore]) await requireThere(path);
    },

    async backup(context) {
      await requireTimeout(minutes, context);
      const { drillId, earlier, target } = context;
      const { backupBucket } = await target.place(s3Store);
      let captureBegan = context.step.clock.now();
      const point = await observeBackup(
        {
          thing: earlier === undefined ? `base backup ${baseBackup}` : 'archive of WAL',
          what: earlier === undefined ? 'the script' : 'the server',
          prefix,
          run: async (destination) => {
            if (earlier !== undefined) return { output: await archiveWal(context), warnings: [] };
            const { output, warnings } = await runOps(baseBackup, 'backup', prefix, context);
            const keys = [...(await destination.list(context.step.signal)).keys()];
            if (!keys.some((key) => key.startsWith(`${destination.prefix}base/`)))
              throw noBase(baseBackup, destination);
            // A base backup cannot be recovered to a moment before its end.
            captureBegan = context.step.clock.now();
            return { output: `${output}\n${await archiveWal(context)}`, warnings };
          },
        },
        context,
      );
      // All recovery points share one archive. The name of each is its last moment.
      const location = `s3://${backupBucket}/${prefix}${drillId}/${UNTIL}${captureBegan.utc}`;
      return { ...point, id: location, location, captureBegan };
    },

    async restore({ location: named }, context) {
      const { location, moment } = placeOf(named);
      const targets = targetsOf(context, moment);
      const described = {
        what: 'Restore the newest base backup, and replay the archived WAL',
        command: restore,
        variables: [
          {
            name: 'RECOVERY_POINT',
            meaning: 'the prefix of base backups and WAL, as `s3://bucket/prefix/`',
            value: location,
          },
          ...targets.map(([name, value]) => ({ name, value, meaning: MEANINGS[name] })),
        ],
        ifItFails: 'It can be run again: it starts from the base backup each time.',
      };
      const variables = { RECOVERY_POINT: location, ...Object.fromEntries(targets) };
      const run = await performing(context.step, described, () =>
        runOps(restore, 'restore', prefix, context, variables),
      );
      return {
        claimed: lastLines(run.output),
        warnings: run.warnings,
        commands: [`RECOVERY_POINT=${location} ${restore}`],
      };
    },
  };
}

const MEANINGS = {
  RECOVERY_TARGET_LSN: 'the WAL position of the damaging statement, as `pg_waldump` shows it in the archived WAL',
  RECOVERY_TARGET_TIME: 'the moment to go back to, as `2026-01-31 12:00:00+00`',
} as const;

/**
 * The archive, and the moment of a recovery point in it.
 * @throws {ExplainedError} for a location that is not from a backup.
 */
function placeOf(named: string): { readonly location: string; readonly moment: number } {
  const [location = '', utc = ''] = named.split(UNTIL);
  const moment = Date.parse(utc);
  if (location !== '' && !Number.isNaN(moment)) return { location, moment };
  throw new ExplainedError({
    thing: `recovery point ${named}`,
    expected: `an archive and a moment, as s3://bucket/prefix/${UNTIL}2026-01-31T12:00:00.000Z`,
    observed: `the moment is "${utc}"`,
    nextStep: 'Use the location that the backup returned.',
  });
}

/** Returns the target of the WAL replay; empty for the end of the WAL. */
function targetsOf(context: RestoreContext, moment: number): readonly [keyof typeof MEANINGS, string][] {
  // Later than every commit acknowledged before the capture, because the drill's clock has whole milliseconds.
  if (context.isEarlier === true) {
    const utc = new Date(moment + 1).toISOString();
    // PostgreSQL reads its settings before it loads names of time zones, such as Z.
    return [['RECOVERY_TARGET_TIME', utc.replace('T', ' ').replace('Z', '+00')]];
  }
  const position = context.environment['RECOVERY_TARGET_LSN'];
  return position === undefined ? [] : [['RECOVERY_TARGET_LSN', position]];
}

/** Runs a program of the platform with the data folder mounted at its path. */
async function runOps(
  path: string,
  role: 'backup' | 'restore',
  prefix: string,
  context: ProcedureContext,
  given: Readonly<Record<string, string>> = {},
): Promise<ProgramRun> {
  await requireThere(path);
  const { target, drillId, environment, step } = context;
  const s3 = await target.place(s3Store);
  const { RECOVERY_TARGET_LSN: _, ...ofAsset } = environment;
  const variables = {
    ...ofAsset,
    AWS_ENDPOINT_URL: s3.endpoint,
    AWS_REGION: s3.region,
    AWS_DEFAULT_REGION: s3.region,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    BACKUP_BUCKET: s3.backupBucket,
    BACKUP_PREFIX: `${prefix}${drillId}/`,
    ...given,
  };
  const folder = environment['PGDATA'];
  const mounts =
    role === 'restore' && folder !== undefined ? [{ from: folder, to: folder, mode: 'read-write' as const }] : [];
  return await runProcess(
    {
      name: `${role} ${path}`,
      file: platformPath(path),
      written: path,
      args: [],
      variables: new Map(Object.entries(variables)),
      machine: role === 'backup' ? await backupMachine([], step) : restoreMachine([], step),
      mounts,
    },
    context,
  );
}

/** Ends the current WAL segment, like the server every `archive_timeout`, and waits until it is in the archive. */
async function archiveWal({ environment, step }: ProcedureContext): Promise<string> {
  const client = await connected(environment);
  try {
    // A restore to a time stops at the first later commit. An unused database would have none.
    await client.query('select pg_current_xact_id()');
    const ended = await client.query<{ name: string }>('select pg_walfile_name(pg_switch_wal()) as name');
    const name = ended.rows[0]?.name ?? '';
    const look = async () => {
      const { rows } = await client.query<{ last: string | null; failed: string | null }>(
        "select last_archived_wal as last, case when last_failed_time > coalesce(last_archived_time, '-infinity') then last_failed_wal end as failed from pg_stat_archiver",
      );
      const { last = null, failed = null } = rows[0] ?? {};
      if (last !== null && last.slice(0, 24) >= name) return arrived(last);
      return notYet(
        failed === null ? `the last one there is ${last ?? 'none'}` : `archive_command failed for ${failed}`,
      );
    };
    await waitFor(
      { for: `WAL segment ${name} in the archive`, budgetMs: ARCHIVE_BUDGET_MS, look },
      step.clock,
      step.signal,
    );
    return `WAL archived up to ${name}`;
  } finally {
    await client.end();
  }
}

/** @throws {ExplainedError} when the server may hold WAL back for longer than the contract says. */
async function requireTimeout(minutes: number, { environment }: ProcedureContext): Promise<void> {
  const client = await connected(environment);
  try {
    const { rows } = await client.query<{ seconds: number; mode: string }>(
      "select setting::int as seconds, current_setting('archive_mode') as mode from pg_settings where name = 'archive_timeout'",
    );
    const { seconds = 0, mode = 'off' } = rows[0] ?? {};
    if (mode !== 'off' && seconds > 0 && seconds <= minutes * 60) return;
    throw new ExplainedError({
      thing: 'the archive of WAL',
      expected: `archive_mode on, and archive_timeout at most ${minutes * 60} s`,
      observed: `archive_mode is ${mode} and archive_timeout is ${seconds} s`,
      nextStep: "Correct the server's settings, or archiveTimeoutMinutes in the contract.",
    });
  } finally {
    await client.end();
  }
}

async function connected({ PGHOST, PGPORT, PGUSER, PGPASSWORD }: Readonly<Record<string, string>>): Promise<pg.Client> {
  const [host = '', user = '', password = ''] = [PGHOST, PGUSER, PGPASSWORD];
  const client = new pg.Client({ host, port: Number(PGPORT), user, password, database: 'postgres' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function requireThere(path: string): Promise<void> {
  await readFile(platformPath(path)).catch((cause: unknown) => {
    const explanation = {
      thing: `script ${path}`,
      expected: 'a file',
      observed: 'there is none that can be read',
      nextStep: 'Correct its path in the contract.',
    };
    throw new ContractMistakeError(explanation, { cause });
  });
}

const noBase = (script: string, { url }: { readonly url: string }): ExplainedError =>
  new ExplainedError({
    thing: `base backup ${script}`,
    expected: `a base backup below ${url}base/`,
    observed: 'there is none after the script exited 0',
    nextStep: 'Run it by hand and look at what it uploads, and at its credentials.',
  });
