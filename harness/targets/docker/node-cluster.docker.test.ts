import { expect, test } from 'vitest';
import { runCommand } from '../../process/run.ts';
import { ownKubernetes, sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { onlyDockerIsInstalled } from './testing/bare-path.ts';
import { ownScratch } from './testing/own-scratch.ts';
import { leftOf, patient, startParts } from './testing.ts';

test('a cluster with Velero and pods is made from the node image where kind is not installed, and is gone afterwards', async () => {
  await ownScratch();
  await onlyDockerIsInstalled();
  let session: string;
  {
    await using started = await startParts('velero');
    const { target } = started;
    session = target.sessionId;
    expect(target.tools.map(({ name }) => name)).not.toContain('kind');
    const cluster = await target.place(sharedKubernetes);
    expect(cluster.settings['cluster']).toContain('kubeadm');
    const kubectl = async (...args: string[]) =>
      (
        await runCommand(
          { name: 'kubectl', file: target.tool('kubectl'), args, env: { KUBECONFIG: cluster.kubeconfigPath } },
          patient,
        )
      ).stdout;
    await cluster.nodes.loadImage('busybox:1.35', patient);
    // Loading it again changes nothing.
    await cluster.nodes.loadImage('busybox:1.35', patient);
    await kubectl(
      'run',
      'writer',
      '--image=busybox:1.35',
      '--image-pull-policy=Never',
      '--restart=Never',
      '--',
      'true',
    );
    await kubectl('wait', 'pod/writer', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s');
    expect(await kubectl('get', 'storageclass', '-o', 'name')).toContain('standard');
    const pods = await kubectl('get', 'pods', '--all-namespaces', '-o', 'jsonpath={.items[*].status.phase}');
    expect(pods).not.toContain('Failed');
    const dedicated = await target.place(ownKubernetes, { label: 'own' }, patient);
    expect(await dedicated.isAlive()).toBe(true);
    await dedicated[Symbol.asyncDispose]();
  }
  expect(await leftOf(session)).toEqual([]);
});
