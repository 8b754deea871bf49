import { z } from 'zod';

/**
 * How this machine runs the platform's programs, as plain data: found once when a target starts, and part of its handle.
 *
 * - `bubblewrap`: each program runs in a sandbox of its own.
 * - `none`: no sandbox, because the user said so. Programs can reach the files of this machine.
 * - `refused`: there is no sandbox and nobody allowed to do without one, so no program runs and what depends on one is `unproven`.
 */
export const hostSandboxSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('bubblewrap'),
    /** Absolute path of `bwrap`. */
    path: z.string(),
    version: z.string(),
    source: z.enum(['machine', 'cache', 'installed']),
    /** True when each sandbox has a user namespace of its own, in which no further one can be made. */
    userNamespace: z.boolean(),
    /** Program that closes abstract unix sockets (by Landlock) before it starts another one; null where none can. */
    scopedBy: z.string().nullable(),
  }),
  z.object({
    kind: z.literal('none'),
    /** Who said so, e.g. "the configuration says sandbox: 'none'". */
    reason: z.string(),
  }),
  z.object({ kind: z.literal('refused'), reason: z.string(), fix: z.string() }),
]);
export type HostSandbox = z.output<typeof hostSandboxSchema>;

/** What a configuration may say about it: `bubblewrap` is the rule, `none` does without. */
export const sandboxWishes = ['bubblewrap', 'none'] as const;
export type SandboxWish = (typeof sandboxWishes)[number];

/** One sentence for a record, a log or a report. */
export function describeSandbox(sandbox: HostSandbox): string {
  switch (sandbox.kind) {
    case 'bubblewrap': {
      const user = sandbox.userNamespace ? '' : ', without a user namespace';
      const sockets = sandbox.scopedBy === null ? ', abstract unix sockets of this machine can be reached' : '';
      return `bubblewrap ${sandbox.version}${user}${sockets}`;
    }
    case 'none':
      return `none: ${sandbox.reason}`;
    case 'refused':
      return `refused: ${sandbox.reason}`;
  }
}
