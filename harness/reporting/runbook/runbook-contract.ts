import { createHash } from 'node:crypto';
import type { DrillRecord } from '../../model/record.ts';
import { isKept } from '../../model/record-parts.ts';

export interface RunbookDisaster {
  readonly name: string;
  readonly threat: string;
  readonly blastRadius: string;
}

/** A contract as the runbook needs it: plain data. */
export interface RunbookContract {
  readonly facts: DrillRecord['contract'];
  /** Disasters that it survives. */
  readonly disasters: readonly RunbookDisaster[];
  /** Parts that a target needs to drill it. */
  readonly needs: readonly string[];
  readonly sourceFile?: string | undefined;
  readonly degraded?: string | undefined;
  readonly decides?: string | undefined;
  readonly ifItFails?: string | undefined;
}

/**
 * Digest that changes when an older drill no longer proves anything about the present contract. It covers what is protected, how, against
 * what and what was promised: every option of the contract's parts, and the content of every file behind them (`facts.definition`). Owner,
 * priority and controls do not affect the steps.
 */
export function definitionDigest(facts: DrillRecord['contract'], disaster: RunbookDisaster): string {
  const { schedule, detection, freshness, failsBack, definition } = facts;
  return digestOf(
    JSON.stringify([
      [facts.name, facts.system, facts.description, facts.inScope, facts.outOfScope, facts.procedure],
      typeof schedule === 'string' ? schedule : [schedule.cron, schedule.timeZone],
      [facts.rtoMs, facts.rpoMs, facts.decisionMs, facts.productionSizeBytes],
      detection === null ? null : [detection.failures, detection.everyMs],
      [freshness?.belowMs, freshness?.criticalMs, failsBack === true],
      [disaster.name, disaster.threat, disaster.blastRadius],
      definition ?? null,
    ]),
  );
}

export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

/** Returns the newest drill that kept the present promise and recorded its steps. */
export function lastPassing(
  contract: RunbookContract,
  disaster: RunbookDisaster,
  records: readonly DrillRecord[],
): DrillRecord | undefined {
  const definition = definitionDigest(contract.facts, disaster);
  return records
    .filter(
      (record) =>
        record.contract.name === contract.facts.name &&
        record.disaster.name === disaster.name &&
        isKept(record.judgement?.verdict ?? 'unproven') &&
        record.recovery?.steps.some(({ phase }) => phase === 'restore') === true &&
        definitionDigest(record.contract, record.disaster) === definition,
    )
    .toSorted((one, other) => (endOf(one) < endOf(other) ? 1 : -1))[0];
}

const endOf = ({ moments }: DrillRecord): string => (moments.ended ?? moments.began).utc;

/** Returns the title of a drill's section, by which people find it in the runbook. */
export const sectionTitle = (contract: string, disaster: string): string => `${contract}: ${disaster}`;

/** Returns the anchor that Markdown renderers derive from a heading. */
export const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
