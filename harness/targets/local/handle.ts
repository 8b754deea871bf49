import { z } from 'zod';
import { ExplainedError } from '../../model/errors.ts';
import { issuesInWords } from '../../model/issue-words.ts';
import { hostSandboxSchema } from '../../model/sandbox.ts';

const settings = z.record(z.string(), z.string());

/**
 * Everything that another process needs to use a running local target, as plain JSON. The S3 credentials in it are made up for
 * the session and open nothing else; the credentials of Kubernetes stay in the kubeconfig file.
 */
const localTargetHandleSchema = z.object({
  kind: z.literal('local'),
  sessionDir: z.string(),
  capabilities: z.array(z.string()),
  sandbox: hostSandboxSchema,
  toolPaths: z.record(z.string(), z.string()),
  toolsInUse: z.array(z.object({ name: z.string(), version: z.string(), source: z.string() })),
  s3: z
    .object({
      endpoint: z.url(),
      region: z.string(),
      accessKeyId: z.string(),
      secretAccessKey: z.string(),
      backupBucket: z.string(),
    })
    .optional(),
  /** What serves S3; LocalStack when left out. */
  s3Server: z.literal('seaweedfs').optional(),
  /** The program that serves stores which enforce credentials and policies. */
  enforcing: z.object({ program: z.string(), version: z.string(), source: z.string() }).optional(),
  nats: z.object({ url: z.string(), settings }).optional(),
  kubernetes: z
    .object({ kubeconfigPath: z.string(), veleroNamespace: z.string(), backupPrefix: z.string(), settings })
    .optional(),
});
export type LocalTargetHandle = z.infer<typeof localTargetHandleSchema>;

/** @throws {ExplainedError} when what was handed over is not a local target's handle. */
export function parseHandle(handle: unknown): LocalTargetHandle {
  const parsed = localTargetHandleSchema.safeParse(handle);
  if (parsed.success) return parsed.data;
  throw new ExplainedError(
    {
      thing: 'handle of the local target',
      expected: 'what startLocalTarget handed out',
      observed: issuesInWords(parsed.error),
      nextStep: 'Start the target again; harness and target must be of the same version.',
    },
    { cause: parsed.error },
  );
}
