import { ExplainedError } from '../../model/errors.ts';
import { counted } from '../../model/text.ts';
import type { TargetRuntime } from '../target-runtime.ts';
import { type ProcessesHandle, processes } from './attach.ts';
import { type PartsOptions, processParts } from './parts.ts';

type ProcessesOptions = Partial<Pick<PartsOptions, 'seaweedfs' | 'ports'>>;

/** Starts the parts of a target as processes on free loopback ports. */
export const asProcesses = ({ seaweedfs, ports = {} }: ProcessesOptions = {}): TargetRuntime => ({
  ...processes,
  otherwise: 'Use --target docker for contracts that need pods or volumes.',
  endBudgetMs: 4_500,
  sessionBudgetMs: 4_500,
  requireParts: (parts) => {
    if (seaweedfs === undefined || !parts.has('regions')) return;
    throw new ExplainedError({
      thing: 'local target',
      expected: 'parts that SeaweedFS can carry',
      observed: 'regions were asked for, and they need Route 53, which it does not have',
      nextStep: 'Leave SeaweedFS out: LocalStack then serves S3 and Route 53.',
    });
  },
  linesOf: ({ collected }) =>
    collected.map(
      ({ id, killed }) =>
        `collected session ${id}, left behind by a run that was killed (${counted(killed.length, 'process', 'processes')})`,
    ),
  prepare: async (_, { clock, progress }) => ({
    open: async (session) => {
      const handle: ProcessesHandle = { s3Server: seaweedfs === undefined ? 'localstack' : 'seaweedfs' };
      return {
        parts: processParts({ session, clock, progress, seaweedfs, ports }),
        handle,
        toolPaths: {},
        // Its program does not come from the toolchain; the part obtains it by itself.
        toolsInUse: ({ 'enforced-access': enforcing }) =>
          enforcing === undefined ? [] : [{ name: 'weed', version: enforcing.version, source: enforcing.source }],
      };
    },
  }),
});
