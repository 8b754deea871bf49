import { html, type Markup } from '../../page/markup.ts';
import type { Mark } from '../../page/page-view.ts';
import type { EvidenceKind } from '../catalogue-schema.ts';
import type { PlaceInLedger, PromiseLine, VerdictCounts } from '../report-schema.ts';

// Terms of the report. HTML and CSV use the same words.

export const evidenceTitles: Readonly<Record<EvidenceKind, string>> = {
  recovery: 'Recovery',
  content: 'Content',
  objectives: 'Objectives',
  exposure: 'Exposure',
  switchover: 'Switchover',
  posture: 'Posture',
  record: 'Record',
};

export const evidenceMeanings: Readonly<Record<EvidenceKind, string>> = {
  recovery: 'The asset was destroyed and recovered, and every promise about it was kept.',
  content: 'What came back was compared item by item with what had been there, and was the same.',
  objectives: 'Recovery time was measured to the end, and compared with its objective, whether it was kept or not.',
  exposure: 'The loss that the schedule permits was computed, and is within the RPO.',
  switchover: 'The service moved to another place, and a way back was proved where one is promised.',
  posture: 'Settings of the backups were read and found as promised. Nothing was restored for it.',
  record: 'The run came to its end and left its whole record in the ledger, failures as well.',
};

export const evidenceAnchor = (kind: EvidenceKind): string => `evidence-${kind}`;
export const runAnchor = (runId: string): string => `run-${runId.replaceAll(/[^A-Za-z0-9-]+/g, '_')}`;

export const day = (utc: string): string => utc.slice(0, 10);
export const minute = (utc: string): string => `${utc.slice(0, 16).replace('T', ' ')} UTC`;

/** Returns the mark of a promise. A missed promise has no verdict of the period. */
export const markOf = (state: PromiseLine['state']): Mark => (state === 'missed' ? 'not-run' : state);

export const total = ({ met, atRisk, breached, unproven }: VerdictCounts): number => met + atRisk + breached + unproven;

export function countsText({ met, atRisk, breached, unproven }: VerdictCounts): string {
  const parts = [
    [met, 'met'],
    [atRisk, 'at risk'],
    [breached, 'breached'],
    [unproven, 'unproven'],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  return told.length === 0 ? 'none' : told.join(', ');
}

export const percent = (share: number): string => `${(Math.floor(share * 1_000) / 10).toFixed(1)} %`;

export const signedText = ({ keyId }: Pick<PlaceInLedger, 'keyId'>): string =>
  keyId === null ? 'not signed' : `key ${keyId.slice(0, 12)}`;

/** The runs that the report lists, with the time at which each began. */
export type KnownRuns = ReadonlyMap<string, string>;

/** Returns a link to a run, named by its time, which is shorter than its id. A run that the report does not list gets no link. */
export function runLink(runId: string, runs: KnownRuns, text?: string): Markup {
  const began = runs.get(runId);
  if (began === undefined) return html`${text === undefined ? runId : `${text} (run ${runId})`}`;
  return html`<a href="#${runAnchor(runId)}">${text ?? minute(began).replace(' UTC', '')}</a>`;
}
