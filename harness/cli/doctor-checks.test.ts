import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Check, ToolStatus } from './doctor-checks.ts';
import { type DoctorParts, runDoctor } from './doctor-command.ts';
import { doctorParts } from './real-parts.ts';
import { withStubIo } from './testing/stub-parts.ts';

const index = new URL('../index.ts', import.meta.url).pathname;
const CONTRACTS = `import { contract, jetstream, script } from '${index}';
for (const name of ['orders', 'invoices']) contract({
  name, rto: '15m', rpo: '5m', priority: 'P1', owner: 'tests', survives: ['stream-deleted'],
  asset: jetstream({ streams: [{ name, subjects: [name + '.paid'], messages: 10 }] }),
  protectedBy: script({
    backup: 'b.sh', restore: 'r.sh', schedule: { cron: '*/2 * * * *', timeZone: 'UTC' }, prefix: name + '/',
  }),
  detection: { failures: 3, every: '30s' }, decision: '1m',
});`;

const noBuilders: readonly ToolStatus[] = [
  { name: 'go', wantedVersion: '1.26.0 or newer', missing: 'no go is on PATH', fix: 'Install Go.' },
  { name: 'python', wantedVersion: '3.11 to 3.13', missing: 'no Python is on PATH', fix: 'Install Python.' },
];
const found = { wantedVersion: '1', foundVersion: '1', source: 'cache' };
const fromImage = {
  wantedVersion: '1',
  foundVersion: 'in its image',
  source: 'image natsio/nats-box:0.5.1 (sha256:1)',
};

/** Returns the doctor's report on those programs and docker parts, for the two contracts. */
async function doctorSays(
  tools: readonly ToolStatus[],
  docker: readonly ToolStatus[] = [],
): Promise<{ readonly exitCode: number; readonly checks: readonly Check[]; readonly text: string }> {
  const parts: DoctorParts = {
    ...doctorParts,
    inspectToolchain: async () => tools,
    inspectBuilders: async (missing) =>
      noBuilders.map((builder) => ({ ...builder, needed: builder.name === 'go' && missing.length > 0 })),
    inspectDocker: async () => docker,
    collectGarbage: async () => ({ scratchRoot: tmpdir(), collected: [], live: [], leftAlone: [], problems: [] }),
  };
  let exitCode = Number.NaN;
  let checks: readonly Check[] = [];
  let text = '';
  await withStubIo(async ({ io, stdout }) => {
    await writeFile(join(io.cwd, 'contracts/one.spec.ts'), CONTRACTS);
    exitCode = await runDoctor({ json: true, target: 'docker' }, io, parts);
    checks = JSON.parse(stdout()).checks;
  });
  await withStubIo(async ({ io, stdout }) => {
    await writeFile(join(io.cwd, 'contracts/one.spec.ts'), CONTRACTS);
    await runDoctor({ json: false, target: 'docker' }, io, parts);
    text = stdout().replaceAll(/\s+/g, ' ');
  });
  return { exitCode, checks, text };
}

const stateOf = (checks: readonly Check[], name: string) => checks.find((check) => check.name === name)?.state;

describe('doctor, for runs on the docker target', () => {
  it('asks for neither Go nor Python where the images have the programs', async () => {
    const { exitCode, checks } = await doctorSays([
      { name: 'nats', ...fromImage },
      { name: 'aws', ...fromImage },
      { name: 'localstack-python', wantedVersion: '1', missing: true, builder: 'python' },
      { name: 'etcd', wantedVersion: '1', missing: true, builder: 'go' },
    ]);
    expect(exitCode).toBe(0);
    expect(stateOf(checks, 'target')).toBe('ok');
    for (const name of ['go', 'python']) {
      const builder = checks.find((check) => check.name === name);
      expect(builder).toMatchObject({
        state: 'note',
        problem: expect.stringContaining('no program has to be built with it'),
      });
      expect(builder).not.toHaveProperty('fix');
    }
    expect([stateOf(checks, 'localstack-python'), stateOf(checks, 'etcd')]).toEqual(['note', 'note']);
  });

  it('names the contracts that nothing proves without a program, and asks only for the builder of that program', async () => {
    const missing = 'natsio/nats-box:0.5.1 holds nats 0.4.0';
    const { exitCode, checks, text } = await doctorSays([
      { name: 'nats', wantedVersion: '1', missing, fix: 'docker pull natsio/nats-box:0.5.1', builder: 'go' },
      { name: 'aws', ...found },
    ]);
    expect(exitCode).toBe(2);
    expect(checks.find(({ name }) => name === 'nats')).toMatchObject({
      state: 'missing',
      contracts: ['orders', 'invoices'],
    });
    expect(text).toContain(`missing nats: ${missing}; without it, nothing proves orders and invoices`);
    expect([stateOf(checks, 'go'), stateOf(checks, 'python')]).toEqual(['missing', 'note']);
  });

  it('only notes what a run pulls by itself, and says what it costs where that fails', async () => {
    const { exitCode, text } = await doctorSays(
      [
        { name: 'nats', wantedVersion: '1', missing: 'its image is not here', fix: 'docker pull box', fetched: true },
        { name: 'aws', ...found },
      ],
      [{ name: 'image nats', wantedVersion: '2', missing: 'it is not here', fix: 'docker pull nats:2', fetched: true }],
    );
    expect(exitCode).toBe(0);
    expect(text).toContain('note nats: its image is not here; without it, nothing proves orders and invoices');
    expect(text).toContain('note image nats: it is not here; without it, nothing proves orders and invoices');
  });

  it('says that nothing can be proved without a daemon', async () => {
    const { exitCode, text } = await doctorSays(
      [
        { name: 'nats', ...found },
        { name: 'aws', ...found },
      ],
      [{ name: 'docker', wantedVersion: 'API 1.41', missing: 'no docker is on PATH', fix: 'Start Docker.' }],
    );
    expect(exitCode).toBe(2);
    expect(text).toContain('missing docker: no docker is on PATH; without it, nothing proves orders and invoices');
  });

  it('does not ask for kind, without which a cluster is made from the node image', async () => {
    const { checks } = await doctorSays([
      { name: 'nats', ...found },
      { name: 'aws', ...found },
      { name: 'kind', wantedVersion: '0.33.0', missing: 'not in the cache', fix: 'npx dr-contracts toolchain' },
    ]);
    const kind = checks.find(({ name }) => name === 'kind');
    expect(kind).toMatchObject({ state: 'note', problem: expect.stringContaining('not needed') });
    expect(kind).not.toHaveProperty('fix');
  });
});
