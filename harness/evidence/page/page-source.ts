import { z } from 'zod';
import { type RunRecord, verdicts } from '../../model/record.ts';

// What a report page is made of. Everything but the run's record may be missing.

export interface PageSource {
  readonly run: RunRecord;
  /** Earlier drills, in any order. Those of this run are ignored. */
  readonly past: readonly PastDrill[];
  readonly gate?: PageGate | undefined;
  readonly places?: PagePlaces | undefined;
}

/** What the page needs of a drill of an earlier run. */
export const pastDrillSchema = z.object({
  drillId: z.string(),
  runId: z.string(),
  contract: z.object({ name: z.string(), rtoMs: z.number() }),
  disaster: z.object({ name: z.string() }),
  environment: z.object({
    target: z.string(),
    concurrentDrills: z.number(),
    host: z.object({ platform: z.string(), arch: z.string(), cpus: z.number() }),
  }),
  moments: z.object({ began: z.object({ utc: z.iso.datetime() }) }),
  phases: z.array(z.object({ name: z.string(), measuredMs: z.number(), outcome: z.string() })),
  seeded: z.object({ bytes: z.number() }).nullable(),
  failure: z.unknown(),
  judgement: z.object({ verdict: z.enum(verdicts), rta: z.object({ valueMs: z.number() }).nullable() }).nullable(),
});
export type PastDrill = z.infer<typeof pastDrillSchema>;

/** The parts of a gate's decision that the page shows. */
export interface PageGate {
  readonly decision: 'pass' | 'block';
  readonly exitCode: number;
  readonly problems: readonly PageProblem[];
  readonly promises: readonly {
    readonly contract: string;
    readonly owner: string;
    readonly outcome: 'passed' | 'waived' | 'blocked';
    readonly problems: readonly PageProblem[];
    readonly waived: readonly {
      readonly problem: PageProblem;
      readonly reason: string;
      readonly owner: string;
      readonly approver: string;
      readonly expires: string;
    }[];
    readonly proofs: readonly {
      readonly disaster: string | null;
      readonly regression: { readonly state: string; readonly sentence: string } | null;
    }[];
  }[];
  readonly waivers: readonly {
    readonly contract: string;
    readonly finding: string;
    readonly expires: string;
    readonly owner: string;
    readonly state: string;
    readonly isEndingSoon: boolean;
  }[];
}

export interface PageProblem {
  readonly kind: string;
  readonly contract: string | null;
  readonly disaster: string | null;
  readonly sentence: string;
  readonly nextStep: string;
}

/** Where things lie, as seen from the page. */
export interface PagePlaces {
  readonly runFile?: { readonly label: string; readonly href: string; readonly digest: string };
  /** Records of the drills, by drill id. */
  readonly drillFiles?: ReadonlyMap<string, { readonly label: string; readonly href: string; readonly digest: string }>;
  readonly runbook?: { readonly label: string; readonly href: string };
}
