import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { S3Place } from '../../systems/s3/service.ts';
import { backupBucketThere, newS3Place } from '../backup-bucket.ts';
import { onFreePorts, requireFree } from '../ports.ts';
import { type LocalContext, startProgram } from './program.ts';
import type { StartedS3 } from './s3.ts';

/** Parts of SeaweedFS that listen, each on one port for HTTP and one for gRPC. */
const PARTS = ['master', 'volume', 'filer', 's3'] as const;
type Part = (typeof PARTS)[number];
type Ports = Readonly<Record<Part, { readonly http: number; readonly grpc: number }>>;

export interface SeaweedfsOptions {
  /** Port of S3; a free one when left out. */
  readonly port?: number | undefined;
  /** Name of the program, unique in the session. */
  readonly name?: string;
  /** Its folder below the session's. */
  readonly folder?: readonly string[];
  /** Whether its IAM creates users, keys and policies; it refuses by default. */
  readonly takesUsers?: boolean;
}

/**
 * Starts SeaweedFS as the S3 of a target, and makes the versioned bucket for off-site backups. It checks credentials and signatures, but
 * lacks STS and Route 53.
 * @param program the path of `weed`
 */
export async function startSeaweedfs(
  program: string,
  context: LocalContext,
  signal: AbortSignal,
  { port, name = 'seaweedfs', folder = ['s3'], takesUsers = false }: SeaweedfsOptions = {},
): Promise<StartedS3> {
  if (port !== undefined) await requireFree(port, 'S3 (SeaweedFS)');
  return await onFreePorts(2 * PARTS.length, (free) =>
    startOn(program, portsOf(free, port), { name, folder, takesUsers }, context, signal),
  );
}

function portsOf(free: readonly number[], s3Port: number | undefined): Ports {
  const pair = (index: number) => ({ http: free[2 * index] ?? 0, grpc: free[2 * index + 1] ?? 0 });
  const s3 = pair(3);
  return { master: pair(0), volume: pair(1), filer: pair(2), s3: { ...s3, http: s3Port ?? s3.http } };
}

type Instance = Required<Omit<SeaweedfsOptions, 'port'>>;

async function startOn(
  program: string,
  ports: Ports,
  { name, folder, takesUsers }: Instance,
  context: LocalContext,
  signal: AbortSignal,
): Promise<StartedS3> {
  const place = newS3Place(`http://127.0.0.1:${ports.s3.http}`);
  const { session } = context;
  const configPath = join(session.folder(...folder), 'identities.json');
  await writeFile(configPath, identities(place), { mode: 0o600 });
  const args = serverArguments(ports, { data: session.folder(...folder, 'data'), configPath, takesUsers });
  const removeSockets = async () => {
    for (const path of socketsOutside(ports)) await rm(path, { force: true });
  };
  try {
    const starting = await startProgram({ name, tool: { path: program }, args, ending: 'immediate' }, context);
    const { process } = await starting.untilServing(backupBucketThere(place, 'SeaweedFS'), signal);
    return {
      place,
      process,
      [Symbol.asyncDispose]: async () => {
        await process.stop();
        await removeSockets();
      },
    };
  } catch (error) {
    await removeSockets();
    throw error;
  }
}

/** Returns one user, with the credentials of the session. */
const identities = ({ accessKeyId, secretAccessKey }: S3Place): string =>
  JSON.stringify({
    identities: [
      {
        name: 'drills',
        credentials: [{ accessKey: accessKeyId, secretKey: secretAccessKey }],
        actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'],
      },
    ],
  });

interface Places {
  readonly data: string;
  readonly configPath: string;
  readonly takesUsers: boolean;
}

function serverArguments(ports: Ports, { data, configPath, takesUsers }: Places): readonly string[] {
  return [
    'server',
    `-dir=${data}`,
    '-ip=127.0.0.1',
    '-ip.bind=127.0.0.1',
    // SeaweedFS sends telemetry by default.
    '-master.telemetry=false',
    '-filer',
    '-s3',
    ...PARTS.flatMap((part) => [`-${part}.port=${ports[part].http}`, `-${part}.port.grpc=${ports[part].grpc}`]),
    // Without these it also listens on 8181 and 9101.
    '-s3.port.iceberg=0',
    '-s3.port.lance=0',
    `-s3.config=${configPath}`,
    ...(takesUsers ? ['-s3.iam.readOnly=false'] : []),
    // Relative to its current folder: a unix socket's path has 107 bytes at most, and a scratch folder's path may be longer.
    '-s3.localSocket=s3.sock',
    '-filer.localSocket=filer.sock',
    '-volume.max=50',
    // By default it refuses writes when less than a hundredth of the disk is free, which on a large disk is a lot.
    '-volume.minFreeSpacePercent=0',
  ];
}

/** Returns the sockets that release 4.48 puts into /tmp, whatever TMPDIR and the options for other sockets say, and does not remove. */
const socketsOutside = (ports: Ports): readonly string[] =>
  PARTS.map((part) => `/tmp/seaweedfs-${part}-grpc-${ports[part].grpc}.sock`);
