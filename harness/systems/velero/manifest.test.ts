import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { plainManifests, plainObjects } from '../../manifests/testing/plain.ts';
import { longestGapMs } from '../../verdict/schedule-gap.ts';
import { backupFilters, ResourceFilter } from './filters.ts';
import type { ListedType } from './inventory.ts';
import { parseScheduleOptions } from './options.ts';
import { blameOfPolicy, policyFiltersIn, withPolicyFilters } from './policy-filters.ts';
import { veleroSchedule } from './procedure.ts';
import { drillRestore } from './restore-options.ts';
import { drillSchedule } from './schedule.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-velero-manifest-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function schedule(spec: string, policy = POLICY): Promise<string> {
  const manifest = join(folder, 'schedule.yaml');
  await writeFile(
    manifest,
    `apiVersion: velero.io/v1\nkind: Schedule\nmetadata: { name: nightly }\nspec: ${spec}\n${policy}`,
  );
  return manifest;
}

type Options = Parameters<typeof veleroSchedule>[0];
const prepared = async (options: Options) =>
  (await veleroSchedule(options).prepared?.(plainManifests)) ?? veleroSchedule(options);

const environment = {
  KUBECONFIG: 'k',
  ASSET_NAMESPACE: 'dr-x',
  RESTORE_NAMESPACE: 'dr-x',
  VELERO_NAMESPACE: 'velero',
  VELERO_BACKUP_PREFIX: '',
};

const type = (name: string, namespaced: boolean): ListedType => ({
  name,
  namespaced,
  kind: name,
  aliases: [],
  path: (namespace) => `${namespace}/${name}`,
});
const types = [
  type('configmaps', true),
  type('secrets', true),
  type('namespaces', false),
  type('persistentvolumes', false),
  type('clusterroles.rbac.authorization.k8s.io', false),
  type('customresourcedefinitions.apiextensions.k8s.io', false),
];
const roles = types.filter(({ name }) => name.startsWith('clusterroles'));

async function drilled(template: string, options: Record<string, unknown> = {}, needed: readonly ListedType[] = []) {
  const manifest = await schedule(`{ schedule: "0 * * * *", template: ${template} }`);
  const parsed = parseScheduleOptions({ manifest, namespace: 'shop', ...options }, plainObjects(manifest));
  const made = drillSchedule('dr-x', parsed, environment, 'x', { types, needed });
  return {
    ...made,
    spec: z.looseObject({ spec: z.looseObject({ template: z.looseObject({}) }) }).parse(made.object).spec,
  };
}

const POLICY_TEMPLATE =
  '{ includedNamespaces: [shop], volumeSnapshotLocations: [aws-default], resourcePolicy: { kind: configmap, name: skip-nfs } }';
const POLICY = `
---
apiVersion: v1
kind: ConfigMap
metadata: { name: skip-nfs, namespace: velero }
data:
  policy.yaml: |
    version: v1
    volumePolicies: [{ conditions: { nfs: {} }, action: { type: skip } }]
    namespacedFilterPolicies:
      - { namespaces: [other], resourceFilters: [{ kinds: [pods] }] }
      - { namespaces: [shop], resourceFilters: [{ kinds: [] }] }
`;

describe('a Velero Schedule of somebody’s manifests', () => {
  test('says when it runs', async () => {
    const manifest = 'fixtures/platform/manifests/velero/schedule.yaml';
    const of = async (name: string) => (await prepared({ manifest, name })).schedule;
    expect(await of('daily')).toMatchObject({ cron: '0 2 * * *', timeZone: 'UTC', keptMs: 30 * 86_400_000 });
    expect(await of('half-hourly')).toMatchObject({ cron: '7,37 * * * *', timeZone: 'UTC', keptMs: 2 * 86_400_000 });
  });

  test('is drilled with its own template, for the drill’s namespace alone', async () => {
    const manifest = await schedule(
      '{ schedule: "CRON_TZ=Europe/Berlin @daily", template: { includedNamespaces: [a], storageLocation: s3, includeClusterResources: true, excludedResources: [secrets], ttl: 72h0m0s } }',
    );
    const parsed = parseScheduleOptions({ manifest, namespace: 'a' }, plainObjects(manifest));
    expect(parsed).toMatchObject({ cron: '@daily', timeZone: 'Europe/Berlin', idle: undefined });
    const { object } = drillSchedule('dr-x', parsed, environment, 'x', { types, needed: [] });
    expect(object).toMatchObject({
      spec: {
        schedule: 'CRON_TZ=Europe/Berlin @daily',
        template: { includedNamespaces: ['dr-x'], excludedNamespaceScopedResources: ['secrets'], ttl: '72h0m0s' },
      },
    });
    expect(JSON.stringify(object)).not.toMatch(/storageLocation|includeClusterResources/);
  });

  test.each([
    [
      'is paused',
      '{ schedule: "0 * * * *", paused: true, template: {} }',
      /paused \(spec\.paused: true\), so no backup/,
    ],
    [
      'leaves the namespace out',
      '{ schedule: "0 * * * *", template: { includedNamespaces: [b] } }',
      /backs up b, and not a/,
    ],
  ])('that %s breaks the promise, in a sentence', async (_what, spec, message) => {
    const procedure = await prepared({ manifest: await schedule(spec), namespace: 'a' });
    await expect(procedure.backup({} as never)).rejects.toThrow(message);
  });

  test.each([
    ['which Velero refuses', '0 2 * * 7', /"7" is not within 0 to 6/],
    ['which never fires', '0 0 30 2 *', /less than twice in eight years/],
    ['in a time zone that there is not', 'CRON_TZ=Mars/Olympus 0 2 * * *', /Mars\/Olympus/],
  ])('N20: with a schedule %s takes no backup, and stops no other contract', async (_what, cron, message) => {
    const procedure = await prepared({
      manifest: await schedule(`{ schedule: "${cron}", template: {} }`),
      namespace: 'a',
    });
    await expect((async () => await procedure.backup({} as never))()).rejects.toThrow(message);
  });

  test('keeps its backups as long as its ttl says, or for Velero’s own 30 days', async () => {
    const keptMs = async (template: string) =>
      (await prepared({ manifest: await schedule(`{ schedule: "0 * * * *", template: ${template} }`) })).schedule;
    expect(await keptMs('{ ttl: 1h30m }')).toMatchObject({ keptMs: 5_400_000, runs: { concurrency: 'Forbid' } });
    expect(await keptMs('{}')).toMatchObject({ keptMs: 30 * 86_400_000 });
    expect(await keptMs('{ ttl: 30d }')).toMatchObject({ idle: { cause: 'schedule-takes-no-backup' } });
  });

  test('B9: "@every 6h" is Velero’s own way to write an interval, and is taken', async () => {
    const manifest = await schedule('{ schedule: "@every 6h", template: {} }');
    const parsed = parseScheduleOptions({ manifest, namespace: 'a' }, plainObjects(manifest));
    expect(longestGapMs(parsed, new Date('2026-01-01'))).toBe(6 * 3_600_000);
    expect(drillSchedule('dr-x', parsed, environment, 'x').object).toMatchObject({ spec: { schedule: '@every 6h' } });
  });

  test.each([
    ['is not there', '{ schedule: "0 * * * *", template: {} }', { name: 'other' }, /it has nightly/],
    [
      'is given a second time',
      '{ schedule: "0 * * * *", template: {} }',
      { cron: '0 1 * * *' },
      /cron and timeZone come from the manifest/,
    ],
  ])('that %s is refused', async (_what, spec, more, message) => {
    const manifest = await schedule(spec);
    expect(() => parseScheduleOptions({ manifest, ...more }, plainObjects(manifest))).toThrow(message);
  });
});

describe('what a Schedule includes and excludes', () => {
  const idle = async (template: string) => {
    const manifest = await schedule(`{ schedule: "0 * * * *", template: ${template} }`);
    return parseScheduleOptions({ manifest, namespace: 'shop' }, plainObjects(manifest)).idle;
  };

  test.each([
    [
      '{ includedNamespaces: ["*"], excludedNamespaces: [kube-system, shop] }',
      /excludes shop .*excludedNamespaces: kube-system, shop/,
    ],
    ['{ excludedNamespaces: [shop] }', /excludes shop/],
    ['{ excludedNamespaces: ["sh*"] }', /excludes shop/],
    ['{ includedNamespaces: ["shop-*"] }', /backs up shop-\*, and not shop/],
    ['{ includedNamespaces: ["shop?"] }', /and not shop/],
  ])('C04: %s takes no backup of shop', async (template, reason) => {
    const found = await idle(template);
    expect(found?.cause).toBe('schedule-leaves-namespace-out');
    expect(found?.reason).toMatch(reason);
  });

  test.each([
    '{ includedNamespaces: ["*"], excludedNamespaces: [kube-system] }',
    '{ includedNamespaces: ["sho*"], excludedNamespaces: ["shop-*"] }',
    '{ includedNamespaces: ["[st]hop"] }',
    '{ includedNamespaces: null, excludedNamespaces: null, labelSelector: null, orLabelSelectors: null }',
    '{ labelSelector: { matchLabels: { a: b } }, orLabelSelectors: [] }',
    '{}',
  ])('C04: %s takes one', async (template) => {
    expect(await idle(template)).toBeUndefined();
  });

  test.each([
    '{ excludedResources: [events], includedClusterScopedResources: [clusterroles] }',
    '{ excludedNamespaces: ["*"] }',
    '{ includedNamespaces: ["*", shop] }',
    '{ includedResources: [pods], excludedResources: [pods] }',
    '{ labelSelector: { matchLabels: { a: b } }, orLabelSelectors: [{ matchLabels: { a: c } }] }',
  ])('C15: %s is refused by Velero, so no backup is ever taken', async (template) => {
    expect(await idle(template)).toMatchObject({
      cause: 'schedule-rejected',
      reason: expect.stringMatching(/FailedValidation/),
    });
  });

  test('C15: clusterScoped beside an old filter is a mistake in the contract', async () => {
    await expect(drilled('{ excludedResources: [events] }', { clusterScoped: ['clusterroles'] })).rejects.toThrow(
      /clusterScoped cannot be combined with excludedResources/,
    );
  });

  test('C15: clusterScoped beside a Schedule that takes everything of the cluster says nothing new', async () => {
    const { spec } = await drilled('{ includeClusterResources: true }', { clusterScoped: ['clusterroles'] }, roles);
    expect(spec.template).toMatchObject({ includedClusterScopedResources: ['clusterroles.rbac.authorization.k8s.io'] });
  });

  test('C15: snapshot locations are left out and recorded, and a resource policy comes along', async () => {
    const { spec, policy } = await drilled(POLICY_TEMPLATE);
    expect(spec.template).toMatchObject({ resourcePolicy: { kind: 'configmap', name: 'dr-x' } });
    expect(spec.template).not.toHaveProperty('volumeSnapshotLocations');
    expect(policy?.data['policy.yaml']).toMatch(/volumePolicies[\s\S]*nfs[\s\S]*namespaces:\n\s+- dr-x\n/);
    const procedure = await prepared({
      manifest: await schedule(`{ schedule: "0 * * * *", template: ${POLICY_TEMPLATE} }`),
    });
    const told = procedure.differencesFromProduction?.({ name: 'local', capabilities: [] }).join('\n');
    expect(told).toMatch(/volumeSnapshotLocations of Schedule nightly.*\(aws-default\) was left out/);
    expect(told).toMatch(/resource policy of Schedule nightly.*brought along/);
  });

  test.each([
    ['[shop]', '["*"]'],
    ['["*"]', '[shop]'],
  ])(
    'C15: of the entries %s and %s of a resource policy Velero takes that of the namespace itself',
    async (one, other) => {
      const entry = (namespaces: string) =>
        `      - { namespaces: ${namespaces}, resourceFilters: [{ kinds: [${namespaces === '[shop]' ? 'secrets' : 'pods'}] }] }`;
      const manifest = await schedule(
        `{ schedule: "0 * * * *", template: ${POLICY_TEMPLATE} }`,
        POLICY.replace(/ {6}- [\s\S]*$/, `${entry(one)}\n${entry(other)}\n`),
      );
      const { policy } = drillSchedule(
        'dr-x',
        parseScheduleOptions({ manifest, namespace: 'shop' }, plainObjects(manifest)),
        environment,
        'x',
        { types, needed: [] },
      );
      expect(policy?.data['policy.yaml']?.match(/dr-x/g)).toHaveLength(1);
      expect(policy?.data['policy.yaml']).toMatch(/secrets/);
      expect(policy?.data['policy.yaml']).not.toMatch(/pods/);
    },
  );

  describe('C15: the includeExcludePolicy of a resource policy', () => {
    const template = '{ resourcePolicy: { kind: configmap, name: skip-nfs } }';
    const policyWith = (lists: string) =>
      POLICY.replace(/ {4}volumePolicies[\s\S]*$/, `    includeExcludePolicy: ${lists}\n`);
    const parsedWith = async (lists: string, fields = template) => {
      const manifest = await schedule(`{ schedule: "0 * * * *", template: ${fields} }`, policyWith(lists));
      return parseScheduleOptions({ manifest, namespace: 'shop' }, plainObjects(manifest));
    };

    test('takes types of the whole cluster for the drill’s own objects alone', async () => {
      const parsed = await parsedWith(
        '{ includedClusterScopedResources: [clusterroles], excludedClusterScopedResources: [persistentvolumes], excludedNamespaceScopedResources: [secrets] }',
      );
      const { object, policy, ofCluster } = drillSchedule('dr-x', parsed, environment, 'x', { types, needed: roles });
      expect(ofCluster).toEqual(['clusterroles.rbac.authorization.k8s.io']);
      expect(object).toMatchObject({
        spec: {
          template: {
            includedClusterScopedResources: ofCluster,
            excludedClusterScopedResources: ['persistentvolumes'],
          },
        },
      });
      expect(policy?.data['policy.yaml']).toMatch(/excludedNamespaceScopedResources:\s+- secrets/);
      expect(policy?.data['policy.yaml']).toContain('dr-contracts.dev/drill: x');
      expect(policy?.data['policy.yaml']).not.toContain('ClusterScopedResources');
    });

    test.each([
      ['{ excludedNamespaceScopedResources: ["*"] }', template, /"\*" for NamespaceScopedResources/],
      [
        '{ includedNamespaceScopedResources: [pods], excludedNamespaceScopedResources: [pods] }',
        template,
        /includes and excludes "pods"/,
      ],
      [
        '{ excludedNamespaceScopedResources: [pods] }',
        template.replace('{', '{ excludedResources: [events],'),
        /excludedResources cannot be used with the includeExcludePolicy/,
      ],
    ])('%s in the policy of %s is refused by Velero', async (lists, fields, reason) => {
      const { idle } = await parsedWith(lists, fields);
      expect(idle).toMatchObject({ cause: 'schedule-rejected', reason: expect.stringMatching(reason) });
    });

    test.each([
      ['{}', '{ excludedNamespaceScopedResources: [secrets] }', false],
      ['{}', '{ includedNamespaceScopedResources: [configmaps] }', false],
      ['{ includedNamespaceScopedResources: ["*"] }', '{ excludedNamespaceScopedResources: [secrets] }', true],
      ['{ includedNamespaceScopedResources: [secrets] }', '{ excludedNamespaceScopedResources: [secrets] }', true],
      ['{ excludedNamespaceScopedResources: [secrets] }', '{ includedNamespaceScopedResources: [secrets] }', false],
      ['{}', '{ excludedNamespaceScopedResources: [clusterroles] }', true],
    ])('beside the template %s, %s: takes Secrets: %s', (fields, lists, isTaken) => {
      const policy = policyFiltersIn(`includeExcludePolicy: ${lists}`);
      const combined = withPolicyFilters(backupFilters.parse(parse(fields)), policy, types);
      expect(new ResourceFilter(combined, types).includes(type('secrets', true))).toBe(isTaken);
    });

    test('is named where it leaves something out', () => {
      const policy = policyFiltersIn('includeExcludePolicy: { excludedNamespaceScopedResources: [secrets, pods] }');
      if (policy === undefined) throw new Error('it was not read');
      expect(blameOfPolicy(policy, type('secrets', true), types)).toBe(
        'includeExcludePolicy.excludedNamespaceScopedResources: [secrets, pods] in the resourcePolicy',
      );
    });
  });

  test('C15: a resource policy that is no YAML is Velero’s to refuse', async () => {
    const broken = POLICY.replace('version: v1', 'version: [');
    const manifest = await schedule(`{ schedule: "0 * * * *", template: ${POLICY_TEMPLATE} }`, broken);
    const parsed = parseScheduleOptions({ manifest, namespace: 'shop' }, plainObjects(manifest));
    const { policy } = drillSchedule('dr-x', parsed, environment, 'x', { types, needed: [] });
    expect(policy?.data['policy.yaml']).toContain('version: [');
  });

  test('C15: a resource policy and clusterScoped are one policy', async () => {
    const { policy } = await drilled(POLICY_TEMPLATE, { clusterScoped: ['clusterroles'] });
    expect(policy?.data['policy.yaml']).toMatch(/volumePolicies[\s\S]*clusterScopedFilterPolicy[\s\S]*clusterroles/);
  });

  test('C15: a resource policy that the manifests do not have is asked for', async () => {
    await expect(drilled('{ resourcePolicy: { kind: configmap, name: elsewhere } }')).rejects.toThrow(
      /ConfigMap elsewhere.*resourcePolicy of Schedule nightly/,
    );
  });

  test('C15: hooks run where production runs them for the namespace of the asset, and no others', async () => {
    const { spec } = await drilled(
      '{ hooks: { resources: [{ name: a, includedNamespaces: [shop] }, { name: b, includedNamespaces: [other] }, { name: c, excludedNamespaces: [other] }, { name: d }] }, orderedResources: { pods: "shop/db, shop/web" } }',
    );
    expect(spec.template['hooks']).toEqual({
      resources: ['a', 'c', 'd'].map((name) => ({ name, includedNamespaces: ['dr-x'] })),
    });
    expect(spec.template['orderedResources']).toEqual({ pods: 'dr-x/db,dr-x/web' });
  });

  test('N12: includeClusterResources: false is kept', async () => {
    const { spec } = await drilled('{ includedNamespaces: [shop], includeClusterResources: false }', {}, roles);
    expect(spec.template).toEqual({ includedNamespaces: ['dr-x'], includeClusterResources: false });
  });

  test.each([
    ['true', '{ includedNamespaces: [shop], includeClusterResources: true }'],
    ['not set, beside an old filter and every namespace', '{ excludedResources: [secrets] }'],
  ])(
    'N12: includeClusterResources %s takes the objects of the whole cluster that are the drill’s',
    async (_what, template) => {
      const { spec, policy, ofCluster } = await drilled(template, {}, roles);
      expect(ofCluster).toEqual(['clusterroles.rbac.authorization.k8s.io']);
      expect(spec.template).toMatchObject({ includedClusterScopedResources: ofCluster });
      expect(spec.template).not.toHaveProperty('includeClusterResources');
      expect(policy?.data['policy.yaml']).toContain('dr-contracts.dev/drill: x');
    },
  );

  test.each(['{ includedNamespaces: [shop] }', '{ includedNamespaces: [shop], includeClusterResources: null }'])(
    'N12: %s takes none of them, as Velero does',
    async (template) => {
      const { spec, ofCluster } = await drilled(template, {}, roles);
      expect(ofCluster).toEqual([]);
      expect(spec.template).toEqual({ includedNamespaces: ['dr-x'] });
    },
  );

  test('gives a Restore what the contract says, for the drill’s namespace', async () => {
    const restore = {
      restoreStatus: { includedResources: ['pumps'] },
      hooks: { resources: [{ name: 'a', includedNamespaces: ['shop'] }] },
      includedNamespaces: ['shop'],
    };
    const manifest = await schedule('{ schedule: "0 * * * *", template: {} }');
    const parsed = parseScheduleOptions({ manifest, namespace: 'shop', restore }, plainObjects(manifest));
    if (parsed.restore === undefined) throw new Error('it has no restore');
    expect(drillRestore(parsed.restore, { production: 'shop', namespace: 'dr-x', labels: {} }, 'r').fields).toEqual({
      restoreStatus: { includedResources: ['pumps'] },
      hooks: { resources: [{ name: 'a', includedNamespaces: ['dr-x'] }] },
    });
    const refused = (wrong: object) => () =>
      parseScheduleOptions({ manifest, namespace: 'shop', ...wrong }, plainObjects(manifest));
    expect(refused({ restore: { backupName: 'b' } })).toThrow(/restore\.backupName/);
    expect(refused({ restore: { excludedNamespaces: ['shop'] } })).toThrow(/leaves shop out/);
    expect(refused({ restore: { existingResourcePolicy: 'update' }, existingResources: 'none' })).toThrow(
      /set the same field/,
    );
  });
});
