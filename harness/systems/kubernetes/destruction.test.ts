import { expect, it } from 'vitest';
import type { KubernetesApi } from '../../clients/kubernetes-api.ts';
import { ManualClock } from '../../clock/testing/manual-clock.ts';
import type { Step } from '../../model/step.ts';
import { removeNamespace } from './destruction.ts';

it('asks the pods and claims of a namespace to go once it is terminating, and not when its controller gets to them', async () => {
  const asked: string[] = [];
  const api: Partial<KubernetesApi> = {
    delete: async (path) => {
      asked.push(path);
      return true;
    },
    findObject: async () => undefined,
  };
  const clock = new ManualClock();
  const step: Partial<Step> = { clock, signal: new AbortController().signal };
  await clock.drive(removeNamespace(api as KubernetesApi, 'shop', step as Step));
  expect(asked).toEqual([
    '/api/v1/namespaces/shop',
    '/api/v1/namespaces/shop/pods',
    '/api/v1/namespaces/shop/persistentvolumeclaims',
  ]);
});
