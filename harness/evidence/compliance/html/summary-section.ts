import { counted } from '../../../model/counted.ts';
import { html, list, type Markup, shape } from '../../page/markup.ts';
import type { Mark } from '../../page/page-view.ts';
import type { ComplianceReport } from '../report-schema.ts';
import { countsText, day, total } from './words.ts';

/** What an auditor reads first: how much was promised, how much of it was proved, and whether the ledger can be believed. */
export function summarySection(report: ComplianceReport): Markup {
  const { population, ledger, limits } = report;
  const { promised, run, missed } = population;
  const counts: readonly (readonly [Mark, number, string])[] = [
    ['breached', population.breached, 'breached'],
    ['unproven', population.unproven, 'unproven'],
    ['at-risk', population.atRisk, 'at risk'],
    ['met', population.met, 'met'],
    ['not-run', missed, 'missed: no drill in the period'],
  ];
  const { finished, failed, killed, none } = population.runs;
  const broken = [
    [failed, 'did not come to an end', 'did not come to an end'],
    [killed, 'was killed', 'were killed'],
    [none, 'had not ended by the end of the period', 'had not ended by the end of the period'],
  ] as const;
  return html`<section id="summary" class="decision ${markOfReport(report)}" aria-labelledby="summary-h">
<h2 id="summary-h">${shape(markOfReport(report))}${headlineOf(report)}</h2>
<p>${counted(promised, 'promise')} in the period; ${run} with a drill. By the worst of the last drills of each on every target:</p>
<ul class="counts">${counts.filter(([, count]) => count > 0).map(([mark, count, what]) => html`<li>${shape(mark)}<b>${count}</b> ${what}</li>`)}</ul>
<p>Drills of the period: ${countsText(population.drills)}.${total(population.postures) === 0 ? '' : ` Posture contracts, each time they were checked: ${countsText(population.postures)}.`} ${counted(finished + failed + killed + none, 'run')}${broken.filter(([count]) => count > 0).map(([count, one, several]) => html`; ${counted(count, one, several)}`)}.${population.missedRuns === 0 ? '' : html` ${counted(population.missedRuns, 'scheduled run is', 'scheduled runs are')} missing.`}${population.withdrawn === 0 ? '' : html` ${counted(population.withdrawn, 'promise was', 'promises were')} withdrawn.`}</p>
<p>Ledger: ${ledgerText(ledger)}</p>
<div class="open"><h3>What this does not prove</h3>${list(limits)}</div>
</section>`;
}

export function headlineOf({ population: { promised, breached, unproven, missed } }: ComplianceReport): string {
  if (promised === 0) return 'Nothing was promised';
  const not = [
    ...(breached > 0 ? [`${breached} broken`] : []),
    ...(unproven > 0 ? [`${unproven} not proved`] : []),
    ...(missed > 0 ? [`${missed} never drilled in the period`] : []),
  ];
  if (not.length === 0) return `All ${promised} promises were kept by their last drills`;
  return `${promised - breached - unproven - missed} of ${promised} promises were kept by their last drills; ${not.join(', ')}`;
}

function markOfReport({ population: { promised, breached, unproven, missed, atRisk } }: ComplianceReport): Mark {
  if (breached > 0) return 'breached';
  if (unproven + missed > 0 || promised === 0) return 'unproven';
  return atRisk > 0 ? 'at-risk' : 'met';
}

/** The words of `dr-contracts verify`, with the size of the ledger. */
export function ledgerText({ verdict, sentence, entries, from, to }: ComplianceReport['ledger']): string {
  const range = from === null || to === null ? '' : ` from ${day(from)} to ${day(to)}`;
  const warning = verdict === 'invalid' ? ' Do not rely on this report before the cause is known: see Provenance.' : '';
  return `${sentence}. ${counted(entries, 'entry', 'entries')}${range}.${warning}`;
}
