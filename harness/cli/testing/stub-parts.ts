import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Activities } from '../../base/activities.ts';
import { systemClock } from '../../clock/clock.ts';
import type { ContractRunOptions } from '../../contract/run-contracts.ts';
import type { RunFacts } from '../../drill/new-record.ts';
import type { PromiseFacts } from '../../evidence/entry.ts';
import type { DrillRecord } from '../../model/record.ts';
import { readyTarget, type Target } from '../../model/target.ts';
import type { CommandIo } from '../command-io.ts';
import type { DrillParts } from '../drill-parts.ts';

// Stands in for the real systems in the tests of the command line itself; judges and proves nothing.

interface StubRun {
  readonly records: readonly DrillRecord[];
  /** Promises of the project. */
  readonly promises?: readonly PromiseFacts[];
  /** Called when the target runs, before the records are returned. */
  readonly during?: (options: ContractRunOptions) => Promise<void>;
}

interface StubLog {
  readonly events: string[];
  readonly parts: DrillParts;
}

export function stubParts({ records, promises = [], during }: StubRun): StubLog {
  const events: string[] = [];
  const disposable = (what: string) => ({
    [Symbol.asyncDispose]: async () => void events.push(`${what} gone`),
  });
  return {
    events,
    parts: {
      chooseTarget: async () => ({ name: 'local', capabilities: [], why: 'a stand-in' }),
      obtainPrograms: async (_target, _wishes, { activities }) => {
        activities?.begin('obtaining', 'nats')({ failed: false, source: 'cache' });
        return { of: async () => ({ path: (name) => name, inUse: [] }), ...disposable('programs') };
      },
      startTarget: async ({ keep }) => {
        events.push(keep ? 'target up, to be kept' : 'target up');
        return { ...readyTarget({} as Target), ...disposable('target') };
      },
      openScratch: async () => ({ dir: '/nowhere', ...disposable('scratch') }),
      async runContracts(options) {
        options.onPlanned?.({ promises, facts: factsOf(options) });
        const { activities = new Activities(options.clock) } = options;
        const step = { clock: options.clock, signal: options.signal, progress() {} };
        await options.obtain?.([], { ...step, activities });
        const started = await activities.time('starting', 'target', () => options.startTarget([], step));
        const drilled = activities.begin('drilling', 'nats-streams/stream-deleted');
        try {
          await mkdir(join(options.outDir, 'drills'), { recursive: true });
          for (const record of records) {
            options.onDrilled?.(record);
            const name = `${record.contract.name}--${record.disaster.name}--${record.drillId}.json`;
            await writeFile(join(options.outDir, 'drills', name), JSON.stringify(record));
          }
          await during?.(options);
          return { records };
        } finally {
          drilled({ failed: false });
          await activities.time('stopping', 'target', async () => await started[Symbol.asyncDispose]());
        }
      },
    },
  };
}

const factsOf = ({ runId, trigger, jobs = 1 }: ContractRunOptions): RunFacts => ({
  runId,
  trigger,
  concurrentDrills: jobs,
  harnessVersion: '0.1.0',
  commit: 'c0ffee0000000000000000000000000000000000',
  dirty: false,
  host: { platform: 'linux', arch: 'x64', cpus: 2, memoryBytes: 1 },
  node: '24',
});

export interface StubIo {
  readonly io: CommandIo;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly controller: AbortController;
}

/** Makes a separate folder with one contract file, and readable outputs. */
export async function withStubIo(use: (stub: StubIo) => Promise<void>): Promise<void> {
  const cwd = await mkdtemp(join(tmpdir(), 'dr-contracts-cli-'));
  try {
    await mkdir(join(cwd, 'contracts'));
    await writeFile(join(cwd, 'contracts', 'one.spec.ts'), '');
    const controller = new AbortController();
    const [stdout, stderr] = [capture(), capture()];
    const io: CommandIo = {
      cwd,
      clock: systemClock,
      signal: controller.signal,
      stdout: stdout.stream,
      stderr: stderr.stream,
      environment: {},
      commandLine: 'dr-contracts drill',
    };
    await use({ io, stdout: stdout.text, stderr: stderr.text, controller });
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

function capture(): { stream: NodeJS.WriteStream; text: () => string } {
  let text = '';
  const stream = new PassThrough({ encoding: 'utf8' }).on('data', (chunk: string) => {
    text += chunk;
  });
  // Like a pipe: not a terminal, and of unknown width.
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
}
