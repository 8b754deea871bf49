import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { arrived, ExplainedError, notYet, runCommand, type Step, waitFor } from 'dr-contracts/spi';
import pg from 'pg';
import { programFolder } from './programs.ts';

const START_BUDGET_MS = 120_000;
const STOP_BUDGET_MS = 60_000;
const LOG_BYTES = 8_000;
/** The user of the server if this process is root, because PostgreSQL refuses root. Otherwise it runs as the current user. */
const NOBODY = 65_534;

export interface HostOptions {
  readonly step: Step;
  /** The platform's settings of the server: a file that its postgresql.conf includes. */
  readonly settingsFile: string;
  /** Programs of the platform for the server's archive_command and restore_command. */
  readonly ops: readonly string[];
  /** Variables of those programs, including credentials. */
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * The machine of one PostgreSQL server: a separate folder, a port, and a service manager that starts and stops the server. A restore
 * script uses the service manager like systemd. The server ends with this process, however that ends.
 */
export class Host implements AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  readonly password = randomBytes(18).toString('hex');
  readonly #options: HostOptions;
  readonly #programs: string;
  #server: ChildProcess | undefined;
  #service: Server | undefined;
  #serviceUrl = '';
  #log = '';

  private constructor(folder: string, port: number, programs: string, options: HostOptions) {
    this.folder = folder;
    this.port = port;
    this.#programs = programs;
    this.#options = options;
  }

  /** Returns an empty machine, without a running server. */
  static async open(options: HostOptions): Promise<Host> {
    const programs = await programFolder(options.step);
    // Not in the scratch folder of the drill, which only its owner may enter.
    const folder = await mkdtemp(join(tmpdir(), 'dr-postgres-'));
    const host = new Host(folder, await freePort(), programs, options);
    options.step.secrets.add(host.password, "password of the drill's PostgreSQL");
    try {
      await host.#layOut();
      await host.#offerService();
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
    return host;
  }

  get dataFolder(): string {
    return join(this.folder, 'data');
  }
  /** Folder of the programs of PostgreSQL. */
  get programs(): string {
    return this.#programs;
  }
  /** Address of the service manager: `POST` to `/start` and `/stop` below it. */
  get serviceUrl(): string {
    return this.#serviceUrl;
  }
  get isAlive(): boolean {
    return this.#server !== undefined && this.#server.exitCode === null && this.#server.signalCode === null;
  }
  get settingsFile(): string {
    return join(this.folder, 'platform.conf');
  }

  /** Creates a new, empty cluster, like the installation of the package; with or without the platform's settings. */
  async initialise({ configured, step }: { readonly configured: boolean; readonly step: Step }): Promise<void> {
    const passwordFile = join(this.folder, 'password');
    await writeFile(passwordFile, this.password, { mode: 0o600 });
    await mkdir(this.dataFolder, { mode: 0o700 });
    await this.#own(this.dataFolder, passwordFile);
    const options = ['--username=postgres', '--encoding=UTF8', '--locale=C.UTF-8', '--data-checksums'];
    const access = ['--auth-host=scram-sha-256', '--auth-local=reject', `--pwfile=${passwordFile}`];
    await runCommand(
      this.#asServer('initdb', ['--pgdata', this.dataFolder, ...options, ...access, '--no-sync']),
      step.signal,
    );
    await rm(passwordFile);
    if (!configured) return;
    const settings = `include '${this.settingsFile}'\n`;
    await writeFile(join(this.dataFolder, 'postgresql.conf'), settings, { flag: 'a' });
  }

  /** Starts the server and waits until it accepts writes, after any recovery. */
  async start(signal: AbortSignal): Promise<void> {
    if (this.isAlive) throw new Error('the server runs already');
    await this.#own(this.dataFolder);
    const place = ['-h', '127.0.0.1', '-p', String(this.port), '-k', ''];
    const { file, args, env } = this.#asServer('postgres', ['-D', this.dataFolder, ...place]);
    this.#log = '';
    const server = spawn(file, [...args], { cwd: this.folder, env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk: Buffer) => {
      this.#log = `${this.#log}${chunk.toString('utf8')}`.slice(-LOG_BYTES);
    };
    server.stdout.on('data', keep);
    server.stderr.on('data', keep);
    this.#server = server;
    await once(server, 'spawn');
    const look = async () => {
      if (!this.isAlive) return arrived('ended' as const);
      try {
        const [row] = await this.query('select pg_is_in_recovery() as recovering');
        return row?.['recovering'] === false ? arrived('serves' as const) : notYet('it recovers');
      } catch (error) {
        return notYet('it does not answer', error);
      }
    };
    const wait = { for: 'PostgreSQL to take writes', budgetMs: START_BUDGET_MS, look };
    if ((await waitFor(wait, this.#options.step.clock, signal)) === 'serves') return;
    throw new ExplainedError({
      thing: 'PostgreSQL',
      expected: 'it starts',
      observed: `it ended: ${this.#lastLines()}`,
      nextStep: 'Look at its data folder, and at what the restore wrote there.',
    });
  }

  /** A fast shutdown: the server archives the remaining WAL, and ends. */
  async stop(signal: AbortSignal): Promise<void> {
    if (!this.isAlive) return;
    this.#server?.kill('SIGINT');
    await this.#untilEnded(signal);
  }

  /** Loses the machine: kills the server, and removes its folder. */
  async lose(signal: AbortSignal): Promise<void> {
    this.#server?.kill('SIGKILL');
    await this.#untilEnded(signal);
    await rm(this.dataFolder, { recursive: true, force: true });
  }

  client(database = 'postgres'): pg.Client {
    const { port, password } = this;
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      password,
      database,
      connectionTimeoutMillis: 5_000,
      options: '-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=postgres -c bytea_output=hex -c extra_float_digits=1',
    });
    // A server that ends notifies each client; the next request reports it.
    client.on('error', () => undefined);
    return client;
  }

  async query(text: string, values: unknown[] = [], database?: string): Promise<Record<string, unknown>[]> {
    const client = this.client(database);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** Returns the number of files of the cluster. */
  async dataFiles(): Promise<number> {
    try {
      return (await readdir(this.dataFolder)).length;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#service?.closeAllConnections();
    this.#service?.close();
    if (this.isAlive) {
      this.#server?.kill('SIGQUIT');
      await this.#untilEnded(AbortSignal.timeout(STOP_BUDGET_MS));
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  async #layOut(): Promise<void> {
    await chmod(this.folder, 0o711);
    const ops = join(this.folder, 'ops');
    await mkdir(ops, { mode: 0o755 });
    for (const file of this.#options.ops) {
      const copy = join(ops, basename(file));
      await copyFile(file, copy);
      await chmod(copy, 0o755);
    }
    await copyFile(this.#options.settingsFile, this.settingsFile);
    await chmod(this.settingsFile, 0o644);
  }

  /** Starts the service manager of the machine. Its address gives access to it. */
  async #offerService(): Promise<void> {
    const token = randomBytes(12).toString('hex');
    const actions = new Map([
      [`/${token}/start`, () => this.start(AbortSignal.timeout(START_BUDGET_MS))],
      [`/${token}/stop`, () => this.stop(AbortSignal.timeout(STOP_BUDGET_MS))],
    ]);
    const service = createHttpServer((request, response) => {
      const action = request.method === 'POST' ? actions.get(request.url ?? '') : undefined;
      if (action === undefined) {
        response.writeHead(404).end();
        return;
      }
      action().then(
        () => response.writeHead(204).end(),
        (error: unknown) => response.writeHead(500).end(`${error instanceof Error ? error.message : String(error)}\n`),
      );
    });
    service.listen(0, '127.0.0.1');
    await once(service, 'listening');
    this.#service = service;
    const address = service.address();
    if (address === null || typeof address === 'string') throw new Error('the service manager has no port');
    this.#serviceUrl = `http://127.0.0.1:${address.port}/${token}`;
  }

  /** Runs a program as a user that PostgreSQL accepts. It ends with this process, even if that is killed. */
  #asServer(program: string, args: readonly string[]) {
    const identity = isRoot() ? [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : [];
    return {
      name: program,
      file: 'setpriv',
      args: [...identity, '--pdeathsig=INT', join(this.#programs, program), ...args],
      env: {
        PATH: '/usr/local/bin:/usr/bin:/bin',
        LC_ALL: 'C.UTF-8',
        TZ: 'UTC',
        PLATFORM_OPS: join(this.folder, 'ops'),
        ...this.#options.variables,
      },
      cwd: this.folder,
    };
  }

  /** Gives files to the server's user, because a restore script runs as another user. */
  async #own(...paths: readonly string[]): Promise<void> {
    if (!isRoot()) return;
    const command = { name: 'chown', file: 'chown', args: ['-R', `${NOBODY}:${NOBODY}`, ...paths] };
    await runCommand(command, AbortSignal.timeout(STOP_BUDGET_MS));
  }

  async #untilEnded(signal: AbortSignal): Promise<void> {
    const server = this.#server;
    if (server === undefined || !this.isAlive) return;
    await once(server, 'exit', { signal: AbortSignal.any([signal, AbortSignal.timeout(STOP_BUDGET_MS)]) });
  }

  #lastLines(): string {
    const lines = this.#log.split('\n').filter((line) => line.trim() !== '');
    const telling = lines.filter((line) => /FATAL|ERROR|PANIC/.test(line));
    return this.#options.step.secrets.redact((telling.length > 0 ? telling : lines).slice(-3).join('; '));
  }
}

const isRoot = (): boolean => userInfo().uid === 0;

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  probe.close();
  await once(probe, 'close');
  return address.port;
}
