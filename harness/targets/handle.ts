import { z } from 'zod';
import { ExplainedError } from '../model/errors.ts';
import { hostSandboxSchema } from '../model/target.ts';
import { issuesInWords } from '../model/text.ts';
import { sharedPlacesSchema } from './shared-places.ts';
import { type TargetName, targetNames } from './wishes.ts';

const targetHandleSchema = z.object({
  kind: z.enum(targetNames),
  sessionDir: z.string(),
  capabilities: z.array(z.string()),
  sandbox: hostSandboxSchema,
  toolPaths: z.record(z.string(), z.string()),
  toolsInUse: z.array(z.object({ name: z.string(), version: z.string(), source: z.string() })),
  /** The runtime's own data, needed in every process. Only the runtime reads it. */
  runtime: z.record(z.string(), z.json()),
  places: sharedPlacesSchema,
});

/** Everything that another process needs to use a running target, as plain JSON. */
export type TargetHandle = z.infer<typeof targetHandleSchema>;

/** @throws {ExplainedError} when the value is not the handle of a target of that name. */
export function parseHandle(handle: unknown, name: TargetName): TargetHandle {
  const parsed = targetHandleSchema.extend({ kind: z.literal(name) }).safeParse(handle);
  if (parsed.success) return parsed.data;
  throw malformedHandle(name, parsed.error);
}

/** Returns the error of a runtime that cannot read its own part of the handle. */
export const malformedHandle = (name: TargetName, error: z.ZodError): ExplainedError =>
  new ExplainedError(
    {
      thing: `handle of the ${name} target`,
      expected: 'the handle that startTarget returned',
      observed: issuesInWords(error),
      nextStep: 'Start the target again; harness and target must be of the same version.',
    },
    { cause: error },
  );
