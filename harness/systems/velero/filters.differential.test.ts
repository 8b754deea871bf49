import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../clock/clock.ts';
import type { GoRecipe } from '../../registered/recipe.ts';
import { fillEntry } from '../../toolchain/build.ts';
import { findFinished } from '../../toolchain/cache-entry.ts';
import { cacheEntryOf } from '../../toolchain/cache-folder.ts';
import { recipeOf } from '../../toolchain/recipes.ts';

import { backupFilters, includesNamespace, ResourceFilter, type ResourceType, refusalOfFilters } from './filters.ts';

// Velero's own packages decide: the same lists are put to them and to us. They are built from testing/filters by the machine's Go.

const hasGo = spawnSync('go', ['version']).status === 0;
const isCi = (process.env['CI'] ?? '') !== '';

const answerSchema = z.object({
  refused: z.boolean(),
  namespaces: z.array(z.string()),
  included: z.array(z.string()),
  excluded: z.array(z.string()),
});
type Answer = z.infer<typeof answerSchema>;
type Spec = z.input<typeof backupFilters>;

const namespaces = ['shop', 'shop-eu', 'shop-us', 'shop1', 'kube-system', 'default', 'velero', 'a', 'prod-a', 'b-prod'];
const types: readonly ResourceType[] = [
  { name: 'configmaps', namespaced: true, aliases: ['configmap', 'cm'] },
  { name: 'secrets', namespaced: true, aliases: ['secret'] },
  { name: 'pods', namespaced: true, aliases: ['pod', 'po'] },
  { name: 'persistentvolumeclaims', namespaced: true, aliases: ['pvc'] },
  { name: 'deployments.apps', namespaced: true, aliases: ['deployment', 'deploy'] },
  { name: 'networkpolicies.networking.k8s.io', namespaced: true, aliases: ['netpol'] },
  { name: 'volumesnapshots.snapshot.storage.k8s.io', namespaced: true, aliases: [] },
  { name: 'pumps.try.example.test', namespaced: true, aliases: ['pump'] },
  { name: 'namespaces', namespaced: false, aliases: ['namespace', 'ns'] },
  { name: 'persistentvolumes', namespaced: false, aliases: ['pv'] },
  { name: 'clusterroles.rbac.authorization.k8s.io', namespaced: false, aliases: ['clusterrole'] },
  { name: 'customresourcedefinitions.apiextensions.k8s.io', namespaced: false, aliases: ['crd', 'crds'] },
  { name: 'volumesnapshotcontents.snapshot.storage.k8s.io', namespaced: false, aliases: [] },
];

/** Everything that each type is called by, for the resolver of the Go program, which knows no rules of its own. */
const calledBy = ({ name, aliases }: ResourceType): readonly string[] => {
  const [bare = '', ...group] = name.split('.');
  return [...aliases, bare, ...(group.length === 0 ? [] : aliases.map((alias) => [alias, ...group].join('.')))];
};

const ours = (spec: Spec): Answer => {
  const filters = backupFilters.parse(spec);
  if (refusalOfFilters(filters) !== undefined) return { refused: true, namespaces: [], included: [], excluded: [] };
  const filter = new ResourceFilter(filters, types);
  return {
    refused: false,
    namespaces: namespaces.filter((name) => includesNamespace(filters, name)),
    included: types.filter((type) => filter.includes(type)).map(({ name }) => name),
    excluded: types.filter((type) => filter.excludes(type)).map(({ name }) => name),
  };
};

it('a continuous integration has Go, so that this comparison is never skipped there', () => {
  expect(hasGo || !isCi).toBe(true);
});

describe.skipIf(!hasGo)('Velero’s own packages and this reader of its filters', () => {
  let folder = '';
  let program = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dr-velero-filters-'));
    // As the toolchain builds its Velero, so that the two compile nothing twice.
    const velero = recipeOf('velero');
    if (velero.kind !== 'go') throw new Error('Velero is built with Go');
    const filters: GoRecipe = {
      ...velero,
      goPackage: fileURLToPath(new URL('testing/filters/main.go', import.meta.url)),
      probe: { kind: 'go-build-info', module: 'github.com/vmware-tanzu/velero' },
      stamps: {},
      compiledFirst: [],
    };
    const entry = await cacheEntryOf(filters, folder);
    const { signal } = new AbortController();
    const options = { clock: systemClock, signal, environment: process.env, say: () => undefined };
    await fillEntry({ entry, recipes: [filters], builderPath: 'go' }, options);
    program = join((await findFinished(entry)) ?? '', filters.name);
  }, 1_800_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const ask = (specs: readonly Spec[]): Answer[] => {
    const resources = types.map((type) => ({ ...type, aliases: calledBy(type) }));
    const asked = spawnSync(program, {
      input: specs.map((spec) => `${JSON.stringify({ spec, namespaces, resources })}\n`).join(''),
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    if (asked.status !== 0) throw new Error(`filters: ${asked.stderr}`);
    return asked.stdout
      .trim()
      .split('\n')
      .map((line) => answerSchema.parse(JSON.parse(line)));
  };

  const expectSame = (specs: readonly Spec[]) => {
    const answers = ask(specs);
    for (const [index, spec] of specs.entries()) {
      expect({ spec, ...ours(spec) }).toEqual({ spec, ...answers[index] });
    }
    return answers;
  };

  const listOf = (entries: readonly string[], maxLength: number) =>
    fc.uniqueArray(fc.constantFrom(...entries), { maxLength });
  const namespaceEntries = [
    ...['shop', 'shop-eu', 'kube-system', 'a', 'not-there', '*', 'shop*', '*-prod', 'prod-*', 'shop?', 'shop-[eu]*'],
    ...['shop[0-9]', '[a-c]', '[!a]', '**', 'Shop', '[]', 'x[', '{a,b}', ''],
  ];
  const typeEntries = [
    ...['*', 'configmaps', 'cm', 'secret', 'secrets', 'pods', 'po', 'pvc', 'deployments', 'deployments.apps', 'deploy'],
    ...[
      'netpol',
      'pumps.try.example.test',
      '*.example.test',
      '*.networking.k8s.io',
      'no-such-type',
      'namespaces',
      'pv',
    ],
    ...['clusterroles.rbac.authorization.k8s.io', 'clusterrole', 'crds', 'volumesnapshots.snapshot.storage.k8s.io'],
    ...['con[a-f]*', '[x', 'secret?'],
  ];
  const oldFilters = fc.record(
    {
      includedNamespaces: listOf(namespaceEntries, 3),
      excludedNamespaces: listOf(namespaceEntries, 2),
      includedResources: listOf(typeEntries, 3),
      excludedResources: listOf(typeEntries, 2),
      includeClusterResources: fc.constantFrom(true, false, null),
    },
    { requiredKeys: [] },
  );
  const newFilters = fc.record(
    {
      includedNamespaces: listOf(namespaceEntries, 2),
      excludedNamespaces: listOf(namespaceEntries, 2),
      includedNamespaceScopedResources: listOf(typeEntries, 2),
      excludedNamespaceScopedResources: listOf(typeEntries, 2),
      includedClusterScopedResources: listOf(typeEntries, 2),
      excludedClusterScopedResources: listOf(typeEntries, 2),
    },
    { requiredKeys: [] },
  );
  const mixed = fc.tuple(oldFilters, newFilters).map(([old, fresh]): Spec => ({ ...old, ...fresh }));

  it.each([
    ['old', oldFilters, 1_000],
    ['new', newFilters, 1_000],
    ['old and new', mixed, 200],
  ] as const)('C04: decide the same of %s filters, drawn by seed', (_which, drawn, numRuns) => {
    const answers = expectSame(fc.sample<Spec>(drawn, { numRuns, seed: 4 }));
    expect(answers.filter(({ refused }) => !refused).length).toBeGreaterThan(numRuns / 40);
  });

  it('C04: read the same patterns of namespaces', () => {
    const piece = fc.constantFrom('shop', 'a', 'eu', '-', '*', '?', '[', ']', '[a-z]', '[se]', '!', '\\', '.', '1');
    const pattern = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''));
    const drawn = fc.record({
      includedNamespaces: fc.array(pattern, { maxLength: 2 }),
      excludedNamespaces: fc.array(pattern, { maxLength: 2 }),
    });
    const answers = expectSame(fc.sample<Spec>(drawn, { numRuns: 2_000, seed: 5 }));
    expect(answers.filter(({ refused }) => !refused).length).toBeGreaterThan(200);
  });
});
