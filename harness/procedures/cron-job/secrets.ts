import { ExplainedError } from '../../model/errors.ts';
import type { Secrets } from '../../model/secrets.ts';
import { revealed } from '../../procedure-kit/author-environment.ts';
import type { FoundCronJob } from './find.ts';
import type { CronJobSettings } from './options.ts';
import type { Container, Content } from './spec.ts';

const PLACEHOLDER = /^REPLACE_WITH_/;
/** As SOPS writes a value that its controller decrypts in the cluster: https://getsops.io/docs/. */
const ENCRYPTED = /^ENC\[/;

/**
 * The Secrets of a drill: the manifests', with their placeholders and encrypted values filled, and those that the contract describes. One is filled when
 * its key, or the variable that a container reads it into, is one that the drill knows, such as `AWS_ACCESS_KEY_ID`.
 * All their values are secret from here on, but for what the drill made and keeps nothing secret, such as the name of a bucket.
 * @throws {ExplainedError} for one that nobody fills: with it, the pod would not do what it does in the cluster.
 */
export function secretsOfDrill(
  { secrets, cronJob }: FoundCronJob,
  described: CronJobSettings['secrets'],
  known: ReadonlyMap<string, string>,
  hidden: Secrets,
): Map<string, Content> {
  const { containers, initContainers } = cronJob.spec.jobTemplate.spec.template.spec;
  const variables = variablesReading([...initContainers, ...containers]);
  const filled = new Map<string, Content>();
  for (const [name, content] of secrets) {
    if (described[name] !== undefined) continue;
    const entries = [...content].map(([key, value]): [string, Buffer] => {
      const text = value.toString('utf8');
      const isEncrypted = ENCRYPTED.test(text);
      if (!PLACEHOLDER.test(text) && !isEncrypted) return [key, value];
      const source = [key, ...(variables.get(`${name}/${key}`) ?? [])].find((variable) => known.has(variable));
      const drills = source === undefined ? undefined : known.get(source);
      if (drills !== undefined) return [key, Buffer.from(drills)];
      throw new ExplainedError({
        thing: `Secret ${name}, key ${key}`,
        expected: 'a value for the drill',
        observed: isEncrypted
          ? 'the manifests hold it encrypted by SOPS'
          : `the manifests hold the placeholder ${text}`,
        nextStep: `Say what the cluster has there: secrets: { '${name}': { '${key}': … } } in cronJob({ … }).`,
      });
    });
    filled.set(name, new Map(entries));
  }
  for (const [name, content] of Object.entries(described)) {
    if (content === null) continue;
    const entries = Object.entries(content).map(
      ([key, value]) => [key, Buffer.from(revealed(value, `${name}/${key}`, known))] as const,
    );
    filled.set(name, new Map(entries));
  }
  for (const [name, content] of filled) {
    for (const [key, value] of content) hidden.addBase64(value.toString('base64'), `Secret ${name}, key ${key}`);
  }
  return filled;
}

/** By `secret/key`: the variables that it is read into. */
function variablesReading(containers: readonly Container[]): Map<string, string[]> {
  const reading = new Map<string, string[]>();
  for (const { env } of containers) {
    for (const { name, valueFrom } of env) {
      if (valueFrom?.secretKeyRef === undefined) continue;
      const at = `${valueFrom.secretKeyRef.name}/${valueFrom.secretKeyRef.key}`;
      reading.set(at, [...(reading.get(at) ?? []), name]);
    }
  }
  return reading;
}
