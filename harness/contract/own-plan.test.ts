import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { testsThatExist } from '../cli/plan-command.ts';
import { readPlan } from '../cli/read-plan.ts';
import { holderName, type Plan } from '../model/plan.ts';
import { readConfiguration } from '../project/config.ts';
import { knownHolders } from '../reporting/plan/proofs.ts';
import { judgePlan, type KnownHolders } from '../verdict/plan.ts';
import { loadPlannedPromises } from './runbook-contracts.ts';

// Nothing that is tested here depends on how kubectl renders manifests, so no kubectl is needed.
vi.mock('../manifests/render.ts', async () => {
  const { plainManifests } = await import('../manifests/testing/plain.ts');
  return { manifestRenderer: () => plainManifests };
});

const folder = resolve(import.meta.dirname, '../..');
let plan: Plan;
let known: KnownHolders;

beforeAll(async () => {
  plan = await readPlan(await readConfiguration(folder));
  const files = readdirSync(resolve(folder, 'contracts')).map((file) => resolve(folder, 'contracts', file));
  const contractFiles = { folder, files, mistakes: [] };
  const written = { contractFiles, outDir: resolve(folder, 'reports') };
  const { signal } = new AbortController();
  const { contracts, postures } = await loadPlannedPromises(written, async () => 'kubectl', signal);
  const tests = await testsThatExist(
    plan.lines.flatMap(({ heldBy }) => heldBy),
    folder,
  );
  known = knownHolders(contracts, postures, tests);
});

describe('the plan of the reference platform', () => {
  it('has every line', () => {
    expect(plan.lines.map(({ id }) => id).join(' ')).toBe(
      'A1 A2 A3 B1 B2 B3 C1 C2 C3 T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 V1 Q1 H1 H2 H3 H4 R1 F1 F2 X1',
    );
  });

  it('has no line that nothing holds', () => {
    expect(plan.lines.filter(({ heldBy }) => heldBy.length === 0).map(({ id, text }) => `${id} ${text}`)).toEqual([]);
  });

  it('is held by contracts, checks and tests that exist, and by no others', () => {
    const holders = plan.lines.flatMap(({ heldBy }) => heldBy.map(holderName));
    expect(holders.filter((name) => !known.definitions.has(name))).toEqual([]);
  });

  it('is held on targets that there are', () => {
    const targets = plan.lines.flatMap(({ heldBy }) => heldBy.flatMap(({ on }) => on ?? []));
    expect(targets.filter((target) => !['local', 'docker'].includes(target))).toEqual([]);
  });

  it('is held by promises of which every file can be read', () => {
    expect([...known.definitions].filter(([, definition]) => definition === null)).toEqual([]);
  });

  it('is held by nothing until a run shows it', () => {
    const judged = judgePlan(plan, known, []);
    expect(judged.filter(({ problems }) => problems.length === 0)).toEqual([]);
  });
});
