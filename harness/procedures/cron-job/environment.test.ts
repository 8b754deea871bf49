import { describe, expect, test } from 'vitest';
import { environmentOf, type Sources } from './environment.ts';
import { cronJobObject } from './spec.ts';

function containerWith(container: object) {
  const template = { spec: { containers: [{ name: 'backup', image: 'x', ...container }] } };
  const spec = { schedule: '0 1 * * *', jobTemplate: { spec: { template } } };
  const parsed = cronJobObject.parse({ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'c' }, spec });
  const [first] = parsed.spec.jobTemplate.spec.template.spec.containers;
  if (first === undefined) throw new Error('no container');
  return first;
}

const content = (values: Record<string, string>) =>
  new Map(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)]));
const sources: Sources = {
  configMaps: new Map([['settings', content({ LEVEL: 'info', NATS_URL: 'nats://production' })]]),
  secrets: new Map([['keys', content({ id: 'AKID', secret: 's3cret' })]]),
  fields: new Map([['metadata.namespace', 'agents']]),
};
const variablesOf = (container: object, drill: Record<string, string> = {}) => {
  const made = environmentOf(containerWith(container), sources, new Map(Object.entries(drill)));
  return { ...made, variables: Object.fromEntries(made.variables) };
};
const secretKey = (name: string, key: string, optional?: boolean) => ({ secretKeyRef: { name, key, optional } });

describe('the environment of a container', () => {
  test('has what envFrom brings, under its prefix, and then what env says', () => {
    const { variables } = variablesOf({
      envFrom: [{ configMapRef: { name: 'settings' } }, { prefix: 'S3_', secretRef: { name: 'keys' } }],
      env: [
        { name: 'LEVEL', value: 'debug' },
        { name: 'KEY', valueFrom: secretKey('keys', 'id') },
        { name: 'NS', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
        { name: 'URL', value: '$(NATS_URL)/$(LEVEL)/$(LATER)' },
        { name: 'LATER', value: 'x' },
      ],
    });
    expect(variables).toEqual({
      LEVEL: 'debug',
      NATS_URL: 'nats://production',
      S3_id: 'AKID',
      S3_secret: 's3cret',
      KEY: 'AKID',
      NS: 'agents',
      URL: 'nats://production/debug/$(LATER)',
      LATER: 'x',
    });
  });

  test('has the drill’s values in the place of its own, also in what is made of them', () => {
    const { variables, replaced } = variablesOf(
      {
        env: [
          { name: 'BUCKET', value: 'production' },
          { name: 'TO', value: 's3://$(BUCKET)/' },
        ],
      },
      { BUCKET: 'drills', STREAMS: 'A' },
    );
    expect(variables).toEqual({ BUCKET: 'drills', TO: 's3://drills/', STREAMS: 'A' });
    expect(replaced).toEqual(['BUCKET']);
  });

  test('lacks what an optional Secret would bring, as it does in the cluster', () => {
    const { variables } = variablesOf({
      envFrom: [{ secretRef: { name: 'absent', optional: true } }],
      env: [
        { name: 'A', valueFrom: secretKey('absent', 'id', true) },
        { name: 'B', valueFrom: secretKey('keys', 'absent', true) },
      ],
    });
    expect(variables).toEqual({});
  });

  test.each([
    [
      'a Secret',
      { env: [{ name: 'A', valueFrom: secretKey('absent', 'id') }] },
      /id of Secret absent.*would never start/,
    ],
    ['a whole ConfigMap', { envFrom: [{ configMapRef: { name: 'absent' } }] }, /ConfigMap absent.*would never start/],
    ['a field', { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }] }, /status\.podIP/],
  ])('is refused for %s that is not there', (_what, container, message) => {
    expect(() => variablesOf(container)).toThrow(message);
  });
});
