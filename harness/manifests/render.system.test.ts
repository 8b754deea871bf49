import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ManifestObject } from '../model/rendering.ts';
import { sharedTarget } from '../testing/shared-target.ts';
import { readObjects } from './documents.ts';
import { manifestRenderer, renderManifests } from './render.ts';
import { folderWith } from './testing/case-folder.ts';

const kubectl = sharedTarget().tool('kubectl');
const never = new AbortController().signal;

type Files = Readonly<Record<string, string | Uint8Array>>;

async function rendered(files: Files, path = 'top'): Promise<readonly ManifestObject[]> {
  using folder = folderWith(files);
  return await renderManifests(kubectl, join(folder.path, path), never);
}

const named = (objects: readonly ManifestObject[]) =>
  objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`).toSorted();
const configMap = (name: string, more = '') => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n${more}`;
const secret = (name: string, more = '') => `apiVersion: v1\nkind: Secret\nmetadata: { name: ${name} }\n${more}`;
const top = (kustomization: string, files: Files = {}): Files => ({
  'top/kustomization.yaml': kustomization,
  ...files,
});
const job = (spec: string) =>
  `apiVersion: batch/v1\nkind: CronJob\nmetadata: { name: backup }\nspec:\n  schedule: "0 2 * * *"\n${spec}`;

describe('a kustomization', () => {
  it('C03: leads from an overlay to its base, and leaves aside the files that it does not list', async () => {
    const objects = await rendered(
      {
        'shop/base/kustomization.yaml': 'resources: [deployment.yaml, secret.yaml]\n',
        'shop/base/deployment.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: shop }\nspec: {}\n',
        'shop/base/secret.yaml': secret('shop', 'data: { k: dg== }\n'),
        'shop/production/kustomization.yaml': 'namespace: shop\nresources: [../base, settings.yaml]\n',
        'shop/production/settings.yaml': configMap('settings'),
        'shop/production/attic/old.yaml': configMap('old'),
      },
      'shop/production',
    );
    expect(named(objects)).toEqual(['ConfigMap/settings', 'Deployment/shop', 'Secret/shop']);
    expect(new Set(objects.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['shop']));
  });

  it('C03: patches, components, labels and name prefixes count as well', async () => {
    const objects = await rendered(
      top(
        `resources: [a.yaml]
components: [../more]
namePrefix: dr-
patches:
- patch: |
    - { op: add, path: /data, value: { k: v } }
  target: { kind: ConfigMap, name: a }
`,
        {
          'top/a.yaml': configMap('a'),
          'more/kustomization.yaml':
            'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [b.yaml]\n',
          'more/b.yaml': configMap('b'),
        },
      ),
    );
    expect(named(objects)).toEqual(['ConfigMap/dr-a', 'ConfigMap/dr-b']);
    expect(objects.find(({ metadata }) => metadata.name === 'dr-a')).toMatchObject({ data: { k: 'v' } });
  });

  it('C25: needs neither apiVersion nor kind, and may be named itself', async () => {
    const files = top('resources: [a.yaml]\n', { 'top/a.yaml': configMap('a') });
    expect(named(await rendered(files))).toEqual(['ConfigMap/a']);
    expect(named(await rendered(files, 'top/kustomization.yaml'))).toEqual(['ConfigMap/a']);
  });

  it('C25: takes the quotes around a literal away', async () => {
    const [made] = await rendered(
      top(`configMapGenerator:\n- name: settings\n  literals: ['BUCKET="acme-backups"', "B='x'", 'C=a=b', 'D=']\n`),
    );
    expect(made).toMatchObject({ data: { BUCKET: 'acme-backups', B: 'x', C: 'a=b', D: '' } });
  });

  it('C25: keeps the bytes of a binary file, and takes files under other names', async () => {
    const bytes = Uint8Array.of(0x1f, 0x8b, 0xff, 0x00);
    const [made] = await rendered(
      top('configMapGenerator: [{ name: made, files: [tool.gz, index.html=page.html] }]\n', {
        'top/tool.gz': bytes,
        'top/page.html': '<p>é</p>\n',
      }),
    );
    expect(made).toMatchObject({
      data: { 'index.html': '<p>é</p>\n' },
      binaryData: { 'tool.gz': Buffer.from(bytes).toString('base64') },
    });
  });

  it('C25: changes images of containers, and no data that looks like one', async () => {
    const objects = await rendered(
      top('resources: [a.yaml]\nimages: [{ name: web, newTag: "2" }]\n', {
        'top/a.yaml': `${configMap('a', 'data: { image: "web:1" }\n')}---\n${job('  jobTemplate: { spec: { template: { spec: { containers: [{ name: a, image: "web:1" }] } } } }\n')}`,
      }),
    );
    expect(objects).toMatchObject([
      { kind: 'ConfigMap', data: { image: 'web:1' } },
      { spec: { jobTemplate: { spec: { template: { spec: { containers: [{ image: 'web:2' }] } } } } } },
    ]);
  });

  it('C25: moves the subjects of a RoleBinding and namespaced kinds that it does not know, and nothing of the cluster', async () => {
    const objects = await rendered(
      top('namespace: prod\nresources: [a.yaml]\n', {
        'top/a.yaml': [
          'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: x, namespace: dev }\n',
          'apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: { name: b }\nroleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }\nsubjects: [{ kind: ServiceAccount, name: x, namespace: dev }]\n',
          'apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: { name: w }\nwebhooks: []\n',
          'apiVersion: operators.coreos.com/v1alpha1\nkind: ClusterServiceVersion\nmetadata: { name: csv }\n',
        ].join('---\n'),
      }),
    );
    const of = (wanted: string) => objects.find(({ kind }) => kind === wanted);
    expect(of('RoleBinding')).toMatchObject({
      metadata: { namespace: 'prod' },
      subjects: [{ name: 'x', namespace: 'prod' }],
    });
    expect(of('ValidatingWebhookConfiguration')?.metadata.namespace).toBeUndefined();
    expect(of('ClusterServiceVersion')?.metadata.namespace).toBe('prod');
  });

  it('C25: makes Secrets, whose names every reference follows', async () => {
    const objects = await rendered(
      top('secretGenerator: [{ name: keys, literals: [id=a] }]\nresources: [a.yaml]\n', {
        'top/a.yaml': job(
          '  jobTemplate: { spec: { template: { spec: { containers: [{ name: a, envFrom: [{ secretRef: { name: keys } }] }] } } } }\n',
        ),
      }),
    );
    const made = objects.find(({ kind }) => kind === 'Secret');
    expect(made?.metadata.name).toMatch(/^keys-[a-z0-9]{10}$/);
    expect(JSON.stringify(objects.find(({ kind }) => kind === 'CronJob'))).toContain(`"${made?.metadata.name}"`);
  });

  it('C25: gives the text "no" where `suspend: no` stands, as kustomize does', async () => {
    const [object] = await rendered(top('resources: [a.yaml]\n', { 'top/a.yaml': job('  suspend: no\n') }));
    expect(object).toMatchObject({ spec: { suspend: 'no' } });
  });

  it.each([
    'github.com/acme/base?ref=v1',
    'https://github.com/acme/base//overlays?ref=v1',
    'git@github.com:acme/base.git',
    'https://example.com/all.yaml',
    'ssh://git@host/acme/base',
  ])('C25: that names %s is refused by a sentence that says how to go on, and fetches nothing', async (address) => {
    await expect(
      rendered({
        'base/kustomization.yaml': `resources: ["${address}"]\n`,
        ...top('resources: [../base]\n'),
      }),
    ).rejects.toThrow(
      /base\/kustomization\.yaml.*is elsewhere, and a run downloads nothing.*Keep a copy.*rendered\.yaml/,
    );
  });

  it.each([
    ['a resource that is not there', top('resources: [gone.yaml]\n'), /gone\.yaml/],
    [
      'a folder without a kustomization',
      { ...top('resources: [../plain]\n'), 'plain/a.yaml': configMap('a') },
      /plain/,
    ],
    ['itself', top('resources: [../top]\n'), /cycle/],
    [
      'the same object twice',
      top('resources: [a.yaml, b.yaml]\n', { 'top/a.yaml': configMap('twice'), 'top/b.yaml': configMap('twice') }),
      /twice/,
    ],
    ['a misspelt field', top('resource: [a.yaml]\n'), /resource/],
    ['broken YAML', top('resources: [a.yaml]\n', { 'top/a.yaml': 'kind: [\n' }), /a\.yaml/],
    [
      'an object without a name',
      top('resources: [a.yaml]\n', { 'top/a.yaml': 'apiVersion: v1\nkind: ConfigMap\n' }),
      /a\.yaml.*metadata/,
    ],
  ])('C25: with %s is refused in the words of kubectl, and says how to see them', async (_, files, message) => {
    await expect(rendered(files)).rejects.toThrow(message);
    await expect(rendered(files)).rejects.toMatchObject({ isContractMistake: true });
  });
});

describe('files without a kustomization', () => {
  it('C11: Lists are their items, also one in another, a SecretList of items without a kind, and an empty one', async () => {
    const objects = await rendered({
      'top/dump.yaml': `apiVersion: v1
kind: List
metadata: { resourceVersion: "" }
items:
- apiVersion: v1
  kind: List
  items:
  - { apiVersion: v1, kind: Secret, metadata: { name: inner }, data: { a: YQ== } }
- apiVersion: v1
  kind: SecretList
  items:
  - { metadata: { name: bare }, data: { a: YQ== } }
  - { apiVersion: v1, kind: Secret, metadata: { name: full } }
`,
      'top/empty.yaml': 'apiVersion: v1\nkind: List\nitems: []\n',
      'top/null.yaml': 'apiVersion: v1\nkind: ConfigMapList\nitems:\n',
    });
    expect(named(objects)).toEqual(['Secret/bare', 'Secret/full', 'Secret/inner']);
  });

  it('C11: JSON, alone, as a List, and several objects one behind the other', async () => {
    const object = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { k: '{"}' } });
    const objects = await rendered({
      'top/one.json': JSON.stringify(object('one')),
      'top/list.json': JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [object('listed')] }, undefined, 2),
      'top/two.json': `${JSON.stringify(object('first'))}\n${JSON.stringify(object('second'))}\n`,
    });
    expect(named(objects)).toEqual(['ConfigMap/first', 'ConfigMap/listed', 'ConfigMap/one', 'ConfigMap/second']);
  });

  it('C25: a folder is every manifest below it, its kustomizations as these say, whatever else lies there', async () => {
    const objects = await rendered({
      'top/a.yml': configMap('a'),
      'top/deep/b.yaml': configMap('b'),
      'top/c/kustomization.yaml': 'resources: [c.yaml]\n',
      'top/c/c.yaml': configMap('c'),
      'top/c/unused.yaml': configMap('unused'),
      'top/readme.md': '# none',
    });
    expect(named(objects)).toEqual(['ConfigMap/a', 'ConfigMap/b', 'ConfigMap/c']);
  });

  it('C25: several documents, ones of comments only, anchors, Windows line ends and a byte order mark', async () => {
    const objects = await rendered({
      'top/a.yaml': `# first\n---\n# only comments\n---\n${configMap('one')}---\n\n---\n${configMap('two')}...\n---\n# end\n`,
      'top/b.yaml': `\uFEFF${configMap('windows', 'data:\n  s: |\n    one\n    two\n')}`.replaceAll('\n', '\r\n'),
      'top/c.yaml': `${configMap('anchors').replace('}', ', labels: &l { k: v } }')}data: { <<: *l, t: "no" }\n`,
      'top/d.yaml': '# nothing here yet\n',
    });
    expect(named(objects)).toEqual(['ConfigMap/anchors', 'ConfigMap/one', 'ConfigMap/two', 'ConfigMap/windows']);
    const of = (wanted: string) => objects.find(({ metadata }) => metadata.name === wanted);
    expect(of('windows')).toMatchObject({ data: { s: 'one\ntwo\n' } });
    expect(of('anchors')).toMatchObject({ data: { k: 'v', t: 'no' } });
  });

  it('C25: words and numbers mean what kubectl apply takes them for', async () => {
    const [object] = await rendered({
      'top/a.yaml': job('  suspend: no\n  mode: 0400\n  day: 2026-01-31\n  at: 12:30\n  big: 12345678901\n'),
    });
    expect(object).toMatchObject({
      spec: { suspend: false, mode: 256, day: '2026-01-31', at: '12:30', big: 12_345_678_901 },
    });
  });

  it('C25: an object without a name is named with its file', async () => {
    const generated = 'apiVersion: batch/v1\nkind: Job\nmetadata: { generateName: migrate- }\nspec: {}\n';
    await expect(rendered({ 'top/a.yaml': generated })).rejects.toThrow(
      /top\/a\.yaml.*Job migrate- has a generateName/,
    );
    await expect(rendered({ 'top/a.json': '{"apiVersion":"v1","kind":"Pod"}' })).rejects.toThrow(/top\/a\.json.*Pod/);
  });

  it('C25: of two objects of one name the last one counts, as when kubectl applies them', async () => {
    const objects = await rendered({
      'top/a.yaml': configMap('same', 'data: { k: first }\n'),
      'top/b.yaml': configMap('same', 'data: { k: second }\n'),
    });
    expect(objects).toMatchObject([{ data: { k: 'second' } }]);
  });

  it('a folder that is a link is read, and a path that is not there is named', async () => {
    using folder = folderWith({ 'elsewhere/a.yaml': configMap('a') });
    mkdirSync(join(folder.path, 'top'));
    symlinkSync('../elsewhere', join(folder.path, 'top/link'));
    expect(named(await renderManifests(kubectl, join(folder.path, 'top'), never))).toEqual(['ConfigMap/a']);
    await expect(rendered({ 'a.yaml': '' })).rejects.toThrow(/top.*no such file/);
  });
});

describe('C18: null means absent, in a kustomization and without one', () => {
  const empty = `apiVersion: batch/v1
kind: CronJob
metadata:
  name: backup
  annotations:
  labels: { app: }
spec:
  schedule: "0 2 * * *"
  suspend:
  timeZone:
  jobTemplate:
    spec:
      template:
        spec:
          initContainers:
          volumes:
          containers:
          - name: a
            image: tools
            args:
            envFrom:
            volumeMounts:
---
apiVersion: velero.io/v1
kind: Schedule
metadata: { name: nightly }
spec:
  schedule: "0 2 * * *"
  paused:
  template:
    includedNamespaces:
---
${configMap('empty', 'data:\n')}---
${secret('empty', 'data:\nstringData:\n')}---
${configMap('texts', 'data: { level: }\n')}`;

  it.each([
    ['with one', top('resources: [a.yaml]\n', { 'top/a.yaml': empty })],
    ['without', { 'top/a.yaml': empty }],
  ])('%s', async (_, files) => {
    const objects = await rendered(files);
    const of = (wanted: string, name: string) =>
      objects.find(({ kind, metadata }) => kind === wanted && metadata.name === name);
    expect(of('CronJob', 'backup')).toEqual({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'backup', labels: { app: '' } },
      spec: {
        schedule: '0 2 * * *',
        jobTemplate: { spec: { template: { spec: { containers: [{ name: 'a', image: 'tools' }] } } } },
      },
    });
    expect(of('Schedule', 'nightly')).toMatchObject({ spec: { schedule: '0 2 * * *', template: {} } });
    expect(of('Schedule', 'nightly')?.['spec']).not.toHaveProperty('paused');
    expect(of('ConfigMap', 'empty')).not.toHaveProperty('data');
    expect(of('Secret', 'empty')).not.toHaveProperty('stringData');
    expect(of('ConfigMap', 'texts')).toMatchObject({ data: { level: '' } });
  });
});

describe('a run', () => {
  it('renders a path once, and leaves nothing behind', async () => {
    using folder = folderWith({ 'top/a.yaml': configMap('a') });
    using scratch = folderWith({});
    vi.stubEnv('DR_CONTRACTS_SCRATCH', scratch.path);
    onTestFinished(() => void vi.unstubAllEnvs());
    const render = manifestRenderer(kubectl, never);
    const [one, other] = await Promise.all([render(join(folder.path, 'top')), render(join(folder.path, 'top'))]);
    expect(one).toBe(other);
    expect(readdirSync(scratch.path)).toEqual([]);
  });

  it.each(['api', 'bucket-copy', 'configuration', 'dashboards', 'nats', 'nats-backup', 'observability', 'velero'])(
    "renders the platform's %s",
    async (name) => {
      const objects = await renderManifests(kubectl, `fixtures/platform/manifests/${name}`, never);
      expect(objects.length).toBeGreaterThan(2);
    },
  );

  it('is told of a kubectl that cannot be started, which is no mistake of a contract', async () => {
    using folder = folderWith({ 'top/a.yaml': configMap('a') });
    const rendering = renderManifests('/nowhere/kubectl', join(folder.path, 'top'), never);
    await expect(rendering).rejects.toThrow(/could not be started/);
    await expect(rendering).rejects.not.toHaveProperty('isContractMistake');
  });
});

it('a character that ends a line for kubectl alone is refused', () => {
  using folder = folderWith({ 'a.yaml': `${configMap('a')}data:\n  k: |\n    a\u2028    b\n` });
  expect(() => readObjects(join(folder.path, 'a.yaml'))).toThrow('U+2028');
});
