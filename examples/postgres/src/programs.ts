import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NotProvableHereError, runCommand, type Step } from 'dr-contracts/spi';

const DEBIAN = '/usr/lib/postgresql';

/**
 * The folder with `postgres`, `initdb` and the rest: `POSTGRES_BIN`, or the newest that Debian has installed, or the one of `pg_config`.
 * @throws {NotProvableHereError} when this machine has no PostgreSQL.
 */
export async function programFolder({ signal }: Pick<Step, 'signal'>): Promise<string> {
  const chosen = process.env['POSTGRES_BIN'];
  const candidates = chosen === undefined || chosen === '' ? await installed(signal) : [chosen];
  for (const folder of candidates) {
    if (await hasServer(folder)) return folder;
  }
  throw new NotProvableHereError({
    thing: 'PostgreSQL',
    expected: 'its server and its tools on this machine',
    observed: `there is no postgres in ${candidates.length === 0 ? DEBIAN : candidates.join(', ')}`,
    nextStep: 'Install it (apt-get install postgresql), or name its folder of programs in POSTGRES_BIN.',
  });
}

async function installed(signal: AbortSignal): Promise<readonly string[]> {
  const versions = await readdir(DEBIAN).catch(() => []);
  const newest = versions.filter((name) => /^\d+$/.test(name)).sort((one, other) => Number(other) - Number(one));
  return [...newest.map((version) => join(DEBIAN, version, 'bin')), ...(await askConfig(signal))];
}

async function askConfig(signal: AbortSignal): Promise<readonly string[]> {
  try {
    const { stdout } = await runCommand({ name: 'pg_config', file: 'pg_config', args: ['--bindir'] }, signal);
    return [stdout.trim()];
  } catch {
    signal.throwIfAborted();
    // Only a machine with the development files has pg_config.
    return [];
  }
}

const hasServer = async (folder: string): Promise<boolean> =>
  await access(join(folder, 'postgres')).then(
    () => true,
    () => false,
  );
