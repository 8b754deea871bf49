import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { plainManifests } from '../../manifests/testing/plain.ts';
import { bytesFor, fillPlaceholders, generateConfigMap, generateSecret } from './generate.ts';
import { kubernetesNamespace } from './kind.ts';
import { renderedManifests } from './manifests.ts';

const readManifests = (path: string) => renderedManifests(plainManifests, path);

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-manifests-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const write = (name: string, text: string) => writeFile(join(folder, name), text);

describe('a folder of manifests', () => {
  test('is sorted into the namespace, definitions and objects', async () => {
    const manifests = await readManifests('fixtures/platform/manifests/configuration');
    expect(manifests.namespace?.metadata.name).toBe('kgents-agents');
    expect(manifests.definitions.map(({ metadata }) => metadata.name)).toEqual(['agentprofiles.platform.kgents.dev']);
    expect(manifests.objects.filter(({ kind }) => kind === 'Secret')).toHaveLength(5);
  });

  test('may bring objects of the whole cluster along, when no other drill can notice', async () => {
    const { ofCluster, objects } = await readManifests('fixtures/platform/manifests/configuration');
    expect(ofCluster.map(({ kind }) => kind)).toEqual(['ClusterRole', 'ClusterRoleBinding', 'PriorityClass']);
    expect(objects.map(({ kind }) => kind)).not.toContain('ClusterRole');
    const head = 'apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nvalue: 1\n';
    await write('a.yaml', `${head}metadata: {name: agents}\n`);
    await expect(readManifests(folder)).rejects.toThrow(/PriorityClass agents: .*same in every drill/);
    await write('a.yaml', `${head}metadata: {name: REPLACE_WITH_NAMESPACE-a}\nglobalDefault: true\n`);
    await expect(readManifests(folder)).rejects.toThrow(/REPLACE_WITH_NAMESPACE-a: .*whole cluster's default/);
  });

  test('is read as kubectl reads it: 0400 is octal, a date stays text', async () => {
    await write('a.yaml', 'apiVersion: v1\nkind: X\nmetadata: {name: x}\nmode: 0400\nday: 2026-01-31\nat: 12:30\n');
    expect((await readManifests(folder)).objects).toEqual([
      { apiVersion: 'v1', kind: 'X', metadata: { name: 'x' }, mode: 256, day: '2026-01-31', at: '12:30' },
    ]);
  });

  test('C03: with objects of several namespaces is refused by name, because a drill would bring all of them into one', async () => {
    const object = (name: string, metadata: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}${metadata} }\n`;
    await write(
      'a.yaml',
      `${object('a', ', namespace: shop')}---\n${object('b', '')}---\n${object('c', ', namespace: REPLACE_WITH_NAMESPACE')}`,
    );
    expect((await readManifests(folder)).objects).toHaveLength(3);
    await write('b.yaml', object('settings', ', namespace: monitoring'));
    await expect(readManifests(folder)).rejects.toThrow(
      /one namespace.*ConfigMap a in shop, ConfigMap settings in monitoring/,
    );
  });

  test('that is not there is named', () => {
    expect(() => kubernetesNamespace({ manifests: join(folder, 'nowhere') })).toThrow(/nowhere.*no such file/);
  });

  test('with a document that is no Kubernetes object is refused, by file and field', async () => {
    await write('bad.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n');
    await expect(readManifests(folder)).rejects.toThrow(/bad\.yaml.*metadata\.name/);
  });

  test('with broken YAML is refused', async () => {
    await write('bad.yaml', 'kind: [\n');
    await expect(readManifests(folder)).rejects.toThrow(/bad\.yaml: expected valid YAML/);
  });
});

describe('placeholders', () => {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'db' },
    stringData: { password: 'REPLACE_WITH_PASSWORD', url: 'pg://REPLACE_WITH_NAMESPACE' },
  };

  test('are filled with the namespace and with values of this drill alone', () => {
    const first = fillPlaceholders(secret, 'dr-a', 'a');
    expect(first).toEqual(fillPlaceholders(secret, 'dr-a', 'a'));
    expect(JSON.stringify(first)).not.toContain('REPLACE_WITH');
    expect(first).toMatchObject({ stringData: { url: 'pg://dr-a' } });
    expect(first['stringData']).not.toEqual(fillPlaceholders(secret, 'dr-a', 'b')['stringData']);
  });

  test('outside a Secret are refused, by place', () => {
    const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: 'REPLACE_WITH_X' } };
    expect(() => fillPlaceholders(config, 'dr-a', 'a')).toThrow(/ConfigMap c: .*REPLACE_WITH_X stands at data\.a/);
  });
});

describe('what is generated', () => {
  test('is the same for the same drill, and another for another', () => {
    expect(generateSecret(3, 'a')).toEqual(generateSecret(3, 'a'));
    expect(generateSecret(3, 'a')['data']).not.toEqual(generateSecret(3, 'b')['data']);
    expect(generateConfigMap(4, 'a')['data']).not.toEqual(generateConfigMap(4, 'b')['data']);
  });

  test('has Secrets of four types, and binary that is no UTF-8', () => {
    const types = new Set([0, 1, 2, 3].map((index) => generateSecret(index, 'a')['type']));
    expect(types.size).toBe(4);
    expect(() => new TextDecoder('utf8', { fatal: true }).decode(bytesFor('x', 64))).toThrow();
  });
});

describe('options', () => {
  test('count what is protected', () => {
    expect(kubernetesNamespace({ secrets: 40, configMaps: 2 }).protectedCount).toBe(42);
    expect(kubernetesNamespace({}).protectedCount).toBe(0);
  });

  test('that are misspelt or negative are refused by name', () => {
    expect(() => kubernetesNamespace({ secret: 1 } as never)).toThrow(/secret/);
    expect(() => kubernetesNamespace({ secrets: -1 })).toThrow(/secrets/);
  });
});
