import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { systemClock } from './clock/clock.ts';
import { noServers } from './conformance/suite.ts';
import { toyKind, toyProcedure, toyWorld } from './conformance/testing/toy.ts';
import { defineContract } from './contract/define.ts';
import { runDrill } from './drill/run-drill.ts';
import { memoryFacts } from './drill/testing/run-memory-drill.ts';
import type { ContractDefinition } from './index.ts';
import type { Contract } from './model/contract.ts';
import type { DrillRecord } from './model/record.ts';
import * as spi from './spi.ts';
import { type AssetKind, type Disaster, type Procedure, type WaysOf, waitFor, withinBudget } from './spi.ts';

const kind = toyKind(toyWorld());
const procedure = toyProcedure(toyWorld());
const definition = { rto: '5m', rpo: '2h', priority: 'P1', owner: 'tests' } as const;

describe('a plug-in of somebody else', () => {
  it('is accepted by a contract, with or without the types of its disasters', () => {
    const disasters = [{ name: 'wiped', threat: 't', blastRadius: 'b' }] as const satisfies readonly Disaster[];
    const { ways: _ways, ...untyped } = kind;
    const typed: AssetKind<WaysOf<typeof disasters>> = { ...untyped, disasters };
    const contract = { name: 'toy', ...definition, protectedBy: procedure };
    expect(defineContract({ ...contract, asset: kind, survives: ['wiped'] }).survives).toEqual(['wiped']);
    expect(defineContract({ ...contract, asset: typed, survives: ['wiped'] }).survives).toEqual(['wiped']);
    expectTypeOf<ContractDefinition<WaysOf<typeof disasters>>['survives'][number]>().toEqualTypeOf<'wiped'>();
    // @ts-expect-error the asset has no such disaster
    expect(() => defineContract({ ...contract, asset: typed, survives: ['burnt'] })).toThrow(/names "burnt"/);
  });

  it('is drilled by the engine, markers and comparison included', async () => {
    const world = toyWorld();
    const contract = defineContract({
      name: 'toy',
      ...definition,
      asset: toyKind(world),
      protectedBy: toyProcedure(world),
      survives: ['wiped'],
    });
    const record = await drilled(contract);
    expect(record.judgement?.findings.find(({ name }) => name === 'content')).toMatchObject({ verdict: 'met' });
    expect(world.lists.size).toBe(0);
  });
});

async function drilled(contract: Contract): Promise<DrillRecord> {
  const scratchDir = await mkdtemp(join(tmpdir(), 'dr-spi-'));
  onTestFinished(() => rm(scratchDir, { recursive: true, force: true }));
  return await runDrill({
    contract,
    disaster: 'wiped',
    target: noServers,
    drillId: 'dspi',
    run: memoryFacts,
    scratchDir,
    clock: systemClock,
    signal: new AbortController().signal,
    listener: () => undefined,
    save: async () => undefined,
    tuning: { markerIntervalMs: 5, probeIntervalMs: 5, markersAround: 3 },
  });
}

/** The errors of another copy of the package, as a plug-in with dependencies of its own has one. */
class IndeterminateWriteError extends Error {
  override readonly name = 'IndeterminateWriteError';
  readonly isIndeterminateWrite = true;
}
class HopelessError extends Error {
  override readonly name = 'HopelessError';
}
class ExplainedError extends Error {
  override readonly name = 'ExplainedError';
  readonly explanation = { thing: 'a', expected: 'b', observed: 'c', nextStep: 'd' };
}

describe('an error of another copy of the package', () => {
  it('is known as an indeterminate write, so that the drill does not expect the marker to be absent', async () => {
    const world = toyWorld();
    const doubtful = toyKind(world, (asset) => ({
      lanes: asset.lanes.map((lane) => ({
        ...lane,
        write: async (sequence, body, signal) => {
          await lane.write(sequence, body, signal);
          if (sequence === 2) throw new IndeterminateWriteError('no answer');
        },
      })),
    }));
    const contract = defineContract({
      name: 'toy',
      ...definition,
      asset: doubtful,
      protectedBy: toyProcedure(world),
      survives: ['wiped'],
    });
    const record = await drilled(contract);
    expect(record.markers[0]).toMatchObject({ indeterminate: 1, unknown: 0 });
  });

  it('is known as hopeless and as explained', async () => {
    const look = async () => {
      throw new HopelessError('the process died');
    };
    const never = new AbortController().signal;
    const waiting = waitFor({ for: 'a server', budgetMs: 500, look }, systemClock, never);
    await expect(waiting).rejects.toMatchObject({ name: 'HopelessError', message: 'the process died' });
    expect(spi.isExplained(new ExplainedError('a'))).toBe(true);
    expect(spi.isExplained(Object.assign(new Error('a'), { explanation: 'none' }))).toBe(false);
    expect(spi.isIndeterminateWrite(new Error('a', { cause: new IndeterminateWriteError('b') }))).toBe(true);
  });
});

it('every name has a comment where it is declared', async () => {
  const entry = await readFile(new URL('./spi.ts', import.meta.url), 'utf8');
  const exports = [...entry.matchAll(/^export (?:type )?\{\s*([^}]+?),?\s*\} from '([^']+)';$/gm)];
  const undocumented: string[] = [];
  for (const [, names = '', path = ''] of exports) {
    const text = await readFile(new URL(path, import.meta.url), 'utf8');
    for (const name of names.split(',').map((each) => each.trim().replace(/^type /, ''))) {
      const declared = new RegExp(
        `\\*/\\nexport (?:async )?(?:function\\*?|const|interface|type|class|abstract class) ${name}\\b`,
      );
      if (!declared.test(text)) undocumented.push(`${name} in ${path}`);
    }
  }
  expect(exports.length).toBeGreaterThan(20);
  expect(undocumented).toEqual([]);
  expectTypeOf(withinBudget).toBeFunction();
  expectTypeOf<Procedure>().toHaveProperty('restore');
});

/**
 * Of the harness, but not yet of the interface: clients, manifests, the option that names a store, cron, and how the toolchain obtains a program.
 * What `init` writes will not be of it: `init` runs before a configuration names a provider of another package.
 */
const NOT_OF_THE_INTERFACE = [
  /^clients\//,
  /^manifests\//,
  /^model\/(rendering|schedule)\.ts$/,
  /^procedure-kit\/destination\.ts$/,
  /^process\/(private-home|run)\.ts$/,
  /^registered\/(first-contract|recipe)\.ts$/,
  /^verdict\/cron-expression\.ts$/,
];

it('the shipped systems are made of it, and of nothing else but what is listed here', async () => {
  const folder = new URL('.', import.meta.url).pathname;
  const entry = await readFile(join(folder, 'spi.ts'), 'utf8');
  const names = new Set([...entry.matchAll(/\b\w+\b/g)].map(([name]) => name));
  const others: string[] = [];
  const files = (await readdir(join(folder, 'systems'), { recursive: true })).filter(
    (path) => /^(gcs|kubernetes|nats|s3|velero)\/.*\.ts$/.test(path) && !/test\.ts$|testing|sabotage\.ts$/.test(path),
  );
  for (const path of files) {
    const text = await readFile(join(folder, 'systems', path), 'utf8');
    for (const [, imported = '', from = ''] of text.matchAll(
      /^import (?:type )?\{\s*([^}]+?),?\s*\} from '(\.[^']+)';$/gm,
    )) {
      const module = relative(folder, join(folder, 'systems', dirname(path), from));
      if (module.startsWith('systems/') || NOT_OF_THE_INTERFACE.some((each) => each.test(module))) continue;
      const missing = imported
        .split(',')
        .map((name) =>
          name
            .trim()
            .replace(/^type /, '')
            .replace(/ as .*/, ''),
        )
        .filter((name) => !names.has(name));
      others.push(...missing.map((name) => `${path}: ${name} of ${module}`));
    }
  }
  expect(files.length).toBeGreaterThan(100);
  expect(others).toEqual([]);
});
