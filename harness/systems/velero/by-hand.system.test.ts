import { execa } from 'execa';
import { expect, test } from 'vitest';
import { sharedTarget } from '../../testing/shared-target.ts';
import { DRILL_LABEL } from '../kubernetes/access.ts';
import { beginDrill, kubectl } from '../kubernetes/testing.ts';

const target = sharedTarget();

test('a backup of one namespace by hand is Completed, and describe --details names what is in it and nothing else', async () => {
  await using drill = await beginDrill(target, 'namespace-deleted', { secrets: 2, configMaps: 3 });
  const { KUBECONFIG = '', VELERO_NAMESPACE = '', ASSET_NAMESPACE = '' } = drill.asset.environment();
  const name = `by-hand-${drill.drillId}`;
  const velero = async (...args: string[]) =>
    (
      await execa(
        target.tool('velero'),
        // Velero colours a pipe as well, unless told otherwise (pkg/cmd/velero/velero.go: Colorized, on by default).
        ['--colorized=false', '--kubeconfig', KUBECONFIG, '--namespace', VELERO_NAMESPACE, 'backup', ...args],
        { env: { HOME: drill.step.scratchDir } },
      )
    ).stdout;
  const label = `${DRILL_LABEL}=${drill.drillId}`;
  await velero('create', name, '--include-namespaces', ASSET_NAMESPACE, '--labels', label, '--wait');
  const described = await velero('describe', name, '--details');
  expect(described).toMatch(/^Phase: +Completed/m);
  expect(described).toMatch(new RegExp(`^Namespaces:\\n +Included: +${ASSET_NAMESPACE}$`, 'm'));

  const [, resources = ''] = described.split(/^Resource List:\n/m);
  const named = (kind: string) => {
    const [, block = ''] = new RegExp(`^  ${kind}:\\n((?:    - .*\\n?)+)`, 'm').exec(resources) ?? [];
    return block
      .split('\n')
      .flatMap((line) => line.match(/^ {4}- (.+)$/)?.[1] ?? [])
      .toSorted();
  };
  const live = async (kind: string) =>
    (await kubectl(target, drill, 'get', kind, '--namespace', ASSET_NAMESPACE, '--output', 'name'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => `${ASSET_NAMESPACE}/${line.split('/')[1]}`)
      .toSorted();
  const secrets = await live('secrets');
  expect(secrets.length).toBeGreaterThanOrEqual(2);
  expect(named('v1/Secret')).toEqual(secrets);
  expect(named('v1/ConfigMap')).toEqual(await live('configmaps'));
  expect(named('v1/Namespace')).toEqual([ASSET_NAMESPACE]);
  const namespaces = [...resources.matchAll(/^ {4}- ([^/\n]+)\/\S+$/gm)].map(([, namespace]) => namespace);
  expect([...new Set(namespaces)]).toEqual([ASSET_NAMESPACE]);
});
