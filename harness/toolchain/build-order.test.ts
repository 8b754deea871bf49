import { expect, it } from 'vitest';
import type { ToolName } from '../model/target.ts';
import { inBuildOrder } from './build-order.ts';
import { localToolNames } from './recipes.ts';

const streams: readonly ToolName[] = ['nats-server', 'nats', 'localstack-python', 'aws', 'kubectl'];
const bucket: readonly ToolName[] = ['localstack-python', 'aws'];
const cluster: readonly ToolName[] = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kubectl',
  'velero',
  'velero-plugin-for-aws',
  'localstack-python',
  'aws',
];
const regions: readonly ToolName[] = ['nats-server', 'nats', 'localstack-python', 'aws', 'coredns'];

it('builds first what the soonest drills need, whatever the order of the contracts', () => {
  const expected = [
    'localstack-python',
    'aws',
    'nats-server',
    'nats',
    'kubectl',
    'coredns',
    'etcd',
    'kube-apiserver',
    'kube-controller-manager',
    'velero',
    'velero-plugin-for-aws',
  ];
  for (const wishes of [
    [cluster, streams, regions, bucket],
    [bucket, regions, streams, cluster],
  ]) {
    expect(inBuildOrder(wishes, localToolNames)).toEqual(expected);
  }
});

it('counts what is there already as no work', () => {
  const missing: readonly ToolName[] = ['nats-server', 'nats', 'velero', 'coredns'];
  expect(inBuildOrder([cluster, regions], missing)).toEqual(['nats-server', 'nats', 'coredns', 'velero']);
  expect(inBuildOrder([regions, cluster], ['velero', 'coredns'])).toEqual(['coredns', 'velero']);
});

it('builds each program once, and none that nobody needs', () => {
  expect(inBuildOrder([streams, streams], ['nats', 'etcd'])).toEqual(['nats']);
  expect(inBuildOrder([], [])).toEqual([]);
});
