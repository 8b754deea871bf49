import { describe, expect, test } from 'vitest';
import type { ContentItem } from './content.ts';
import { differencesOf, type GivenByServer } from './differences.ts';
import { digestOf, type Fields } from './objects.ts';

const LAST_APPLIED = 'metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"]';

describe('N16: what is there besides', () => {
  test.each([
    ['the note of kubectl apply', LAST_APPLIED],
    ['the time of a rollout', 'spec.template.metadata.annotations["kubectl.kubernetes.io/restartedAt"]'],
    ['a label of Velero', 'metadata.labels["velero.io/some-new-label"]'],
    ['an annotation of Helm', 'metadata.annotations["meta.helm.sh/release-name"]'],
    ['who manages the object', 'metadata.labels["app.kubernetes.io/managed-by"]'],
    ['the tracking of Argo CD', 'metadata.annotations["argocd.argoproj.io/tracking-id"]'],
  ])('is no difference when a tool wrote it for itself: %s', async (_, path) => {
    expect(await differences({ data: '"1"' }, { data: '"1"', [path]: '"noted"' })).toEqual([]);
  });

  test.each([
    ['a label that its users may select by', 'metadata.labels.tier'],
    ['an annotation without a domain', 'metadata.annotations.owner'],
    ['a label that changes what Kubernetes does', 'metadata.labels["pod-security.kubernetes.io/enforce"]'],
    ['an annotation that changes what Kubernetes does', 'metadata.annotations["service.kubernetes.io/topology-mode"]'],
    ["a label in the author's own domain", 'metadata.labels["shop.example.com/tier"]'],
    ['what leaves the object out of the next backup', 'metadata.labels["velero.io/exclude-from-backup"]'],
    ['what a drill changes between two backups', 'metadata.annotations["dr-contracts.dev/changed"]'],
    ['a label of the pods', 'spec.template.metadata.labels["example.org/tier"]'],
    ['a key of its data', 'data.more'],
  ])('is a difference when it is not a note of a tool: %s', async (_, path) => {
    const before = { 'metadata.labels["shop.example.com/part"]': '"web"' };
    expect(await differences(before, { ...before, [path]: '"added"' })).toEqual([path]);
  });

  test('is no difference when the API server gives it to every such object', async () => {
    const given: GivenByServer = async (_, paths) => new Set(paths.filter((path) => path === 'spec.policy'));
    const observed = { 'spec.policy': '"Always"', 'spec.other': '"x"' };
    expect(await differences({}, observed, given)).toEqual(['spec.other']);
  });

  test('is all that changed where an empty object was filled', async () => {
    const given: GivenByServer = async (_, paths) => new Set(paths);
    expect(await differences({ 'spec.resources': '{}' }, { 'spec.resources.limits.cpu': '"1"' }, given)).toEqual([]);
    expect(await differences({ 'spec.resources': '{}' }, {}, given)).toEqual(['spec.resources']);
  });
});

describe('what was there', () => {
  test.each([
    ['the note of kubectl apply', LAST_APPLIED],
    ['a label of Velero', 'metadata.labels["velero.io/exclude-from-backup"]'],
    ['an annotation of Helm', 'metadata.annotations["meta.helm.sh/release-name"]'],
  ])('N16: is a difference when it is lost: %s', async (_, path) => {
    const everything: GivenByServer = async (_item, paths) => new Set(paths);
    expect(await differences({ [path]: '"noted"' }, {}, everything)).toEqual([path]);
  });

  test('is a difference when it changed, whatever the API server gives', async () => {
    const everything: GivenByServer = async (_, paths) => new Set(paths);
    expect(await differences({ 'spec.replicas': '1' }, { 'spec.replicas': '2' }, everything)).toEqual([
      'spec.replicas',
    ]);
  });
});

async function differences(expected: Fields, observed: Fields, given: GivenByServer = async () => new Set()) {
  const { signal } = new AbortController();
  const found = await differencesOf(item(expected), item(observed), given, signal);
  return found.fields.map(({ path }) => path);
}

const item = (fields: Fields): ContentItem => ({
  kind: 'ConfigMap',
  name: 'settings',
  sizeBytes: 1,
  digest: digestOf(fields),
  fields,
});
