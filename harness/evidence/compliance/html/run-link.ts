import { html, type Markup } from '../../page/markup.ts';
import { minute, runAnchor } from './words.ts';

/** The runs that the report lists, with the time at which each began. */
export type KnownRuns = ReadonlyMap<string, string>;

/** Runs are told by their time, which is shorter than their id. A run that the report does not list has no place to link to. */
export function runLink(runId: string, runs: KnownRuns, text?: string): Markup {
  const began = runs.get(runId);
  if (began === undefined) return html`${text === undefined ? runId : `${text} (run ${runId})`}`;
  return html`<a href="#${runAnchor(runId)}">${text ?? minute(began).replace(' UTC', '')}</a>`;
}
