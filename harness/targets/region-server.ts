import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Slot } from '../base/slot.ts';
import type { Clock } from '../clock/clock.ts';
import { OPEN_ACCESS, type PairSecrets, type RegionServer, regionConfiguration } from './region-config.ts';
import type { Session } from './session.ts';

/** One running process of a region's NATS server. Its storage outlives it. */
export interface RunningServer extends AsyncDisposable {
  isAlive(): Promise<boolean>;
  /** Kills it immediately, without a chance to sync. Returns what was done. */
  kill(): Promise<string>;
  /** For the record. */
  readonly settings: Readonly<Record<string, string>>;
}

/** A target's means to run a region's server. */
export interface ServerMeans {
  readonly region: string;
  /** On 127.0.0.1, the same after each restart. */
  readonly port: number;
  /** Addresses and paths as the server itself sees them. */
  readonly configuration: Pick<RegionServer, 'listen' | 'http' | 'storeDir' | 'leaf'>;
  start(files: ServerFiles, signal: AbortSignal): Promise<RunningServer>;
  isStorageThere(): Promise<boolean>;
  removeStorage(): Promise<void>;
}

export interface ServerFiles {
  readonly serverName: string;
  /** A folder of this machine with the configuration and the access file that it includes. */
  readonly dir: string;
  readonly configName: string;
}

/** A region's server at its address, running or not. Disposal ends it and removes its storage. */
export interface PlacedServer extends AsyncDisposable {
  readonly means: ServerMeans;
  readonly accessFile: string;
  readonly settings: Readonly<Record<string, string>>;
  isAlive(): Promise<boolean>;
  kill(): Promise<string>;
  startAgain(signal: AbortSignal): Promise<void>;
}

const CONFIG_NAME = 'server.conf';
const ACCESS_NAME = 'access.conf';

export const serverNameOf = (session: Session, pair: string, region: string): string =>
  `dr-${session.id}-${pair}-${region}`;

/** Writes the server's files and starts it for the first time, open to users. */
export async function placeServer(
  pair: string,
  secrets: PairSecrets,
  means: ServerMeans,
  session: Session,
  clock: Clock,
  signal: AbortSignal,
): Promise<PlacedServer> {
  const { region } = means;
  const serverName = serverNameOf(session, pair, region);
  const dir = session.folder('regions', pair, region);
  const accessFile = join(dir, ACCESS_NAME);
  const described = { ...means.configuration, serverName, domain: region, accessFile: `./${ACCESS_NAME}` };
  await writeFile(accessFile, OPEN_ACCESS);
  await writeFile(join(dir, CONFIG_NAME), regionConfiguration(described, secrets), { mode: 0o600 });
  const start = (startSignal: AbortSignal) => means.start({ serverName, dir, configName: CONFIG_NAME }, startSignal);
  const slot = await Slot.open(`region ${region} of ${pair}`, () => start(signal), clock);
  const { first } = slot;
  return {
    means,
    accessFile,
    settings: first.settings,
    isAlive: async () => (await slot.current?.isAlive()) ?? false,
    kill: () => slot.lose((server) => server.kill()),
    startAgain: (startSignal) => slot.replace(() => start(startSignal)),
    [Symbol.asyncDispose]: async () => {
      await slot[Symbol.asyncDispose]();
      await means.removeStorage();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
