import { z } from 'zod';
import { ExplainedError } from '../../model/errors.ts';
import { issuesInWords } from '../../model/issue-words.ts';
import { hostSandboxSchema } from '../../model/sandbox.ts';
import { pullPolicies } from './settings.ts';

const settings = z.record(z.string(), z.string());

/**
 * Everything that another process needs to use a running docker target, as plain JSON. The S3 credentials in it are made up for
 * the session and open nothing else; the credentials of Kubernetes stay in the kubeconfig file.
 */
const dockerTargetHandleSchema = z.object({
  kind: z.literal('docker'),
  sessionDir: z.string(),
  network: z.string(),
  capabilities: z.array(z.string()),
  images: z.record(z.string(), z.string()),
  pull: z.enum(pullPolicies),
  sandbox: hostSandboxSchema,
  toolPaths: z.record(z.string(), z.string()),
  toolsInUse: z.array(z.object({ name: z.string(), version: z.string(), source: z.string() })),
  s3: z
    .object({
      endpoint: z.url(),
      endpointFromPods: z.url(),
      region: z.string(),
      accessKeyId: z.string(),
      secretAccessKey: z.string(),
      backupBucket: z.string(),
    })
    .optional(),
  nats: z.object({ url: z.string(), urlFromPods: z.string(), settings }).optional(),
  kubernetes: z
    .object({
      name: z.string(),
      dir: z.string(),
      kubeconfigPath: z.string(),
      veleroNamespace: z.string(),
      backupPrefix: z.string(),
      ports: z.array(z.object({ nodePort: z.number(), port: z.number() })),
      settings,
    })
    .optional(),
});
export type DockerTargetHandle = z.infer<typeof dockerTargetHandleSchema>;

/** @throws {ExplainedError} when what was handed over is not a docker target's handle. */
export function parseDockerHandle(handle: unknown): DockerTargetHandle {
  const parsed = dockerTargetHandleSchema.safeParse(handle);
  if (parsed.success) return parsed.data;
  throw new ExplainedError(
    {
      thing: 'handle of the docker target',
      expected: 'what startDockerTarget handed out',
      observed: issuesInWords(parsed.error),
      nextStep: 'Start the target again; harness and target must be of the same version.',
    },
    { cause: parsed.error },
  );
}
