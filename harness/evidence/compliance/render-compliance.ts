import { counted } from '../../model/text.ts';
import { renderDocument } from '../page/document.ts';
import { command, html, list, type Markup, shape } from '../page/markup.ts';
import type { Mark } from '../page/page-view.ts';
import { controlsSection, distributionsSection, evidenceSection, populationSection } from './html/coverage-sections.ts';
import { deficienciesSection, runsSection, signOffSection } from './html/review-sections.ts';
import { countsText, day, minute, total } from './html/words.ts';
import type { ComplianceReport } from './report-schema.ts';

/** Renders the report as one HTML file, in the same form as the page of a run. */
export async function renderComplianceHtml(report: ComplianceReport): Promise<string> {
  const { period, madeAt, deficiencies } = report;
  const range = `${day(period.from)} to ${day(period.to)}`;
  const runs = new Map(report.runs.map(({ runId, began }) => [runId, began]));
  const open = deficiencies.filter(({ retest }) => retest === null).length;
  return await renderDocument({
    title: `Disaster recovery, ${range}: ${headlineOf(report)}`,
    heading: 'Disaster recovery: compliance report',
    headLine: `Period ${minute(period.from)} to ${minute(period.to)}, made ${minute(madeAt)}`,
    skipTo: { id: 'summary', name: 'the summary' },
    sections: [
      ['summary', 'Summary'],
      ['deficiencies', `Deficiencies (${open} open)`],
      ['population', `Population (${report.promises.length})`],
      ['distributions', 'Recovery times and losses'],
      ['controls', 'Controls'],
      ['evidence', 'Evidence'],
      ['reviews', 'Reviews and sign-off'],
      ['runs', `Runs (${report.runs.length + report.runsLeftOut})`],
      ['provenance', 'Provenance'],
    ],
    main: html`${summarySection(report)}
${deficienciesSection(report, runs)}
${populationSection(report.promises, runs)}
${distributionsSection(report.promises)}
${controlsSection(report, runs)}
${evidenceSection(report, runs)}
${signOffSection(report, runs)}
${runsSection(report)}
${provenanceSection(report)}`,
    footer: 'Written by dr-contracts from the ledger. All times are UTC.',
  });
}

function provenanceSection({ ledger, harnessVersions }: ComplianceReport): Markup {
  const { at, head, signedBy, unsigned, givenKeys, givenReviewerKeys, faults, notes, verdict } = ledger;
  const keys = signedBy.map(({ keyId, entries }) => `${keyId} signed ${entries}`);
  const facts: readonly (readonly [string, string])[] = [
    ['ledger', at],
    ['verification', ledgerText(ledger)],
    ['head', head === null ? 'none' : `entry ${head.sequence}, ${head.digest}`],
    ['entries by key', [...keys, ...(unsigned > 0 ? [`${unsigned} not signed`] : [])].join('; ') || 'none'],
    ['keys that were given', givenKeys.join(', ') || 'none'],
    ['keys of reviewers that were given', givenReviewerKeys.join(', ') || 'none'],
    ['dr-contracts', harnessVersions.join(', ') || 'no run in the period'],
  ];
  const isUnsigned = verdict === 'unsigned';
  return html`<section id="provenance" aria-labelledby="provenance-h"><h2 id="provenance-h">Provenance</h2>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${faults.length === 0 ? '' : html`<h3>What verification found</h3>${list(faults.map(({ name, sentence }) => `${name}: ${sentence}`))}`}
${notes.length === 0 ? '' : html`<h3>Notes of the verification</h3>${list(notes)}`}
<h3>Verify it</h3><ol class="verify"><li>${command(verifyCommand(ledger))}<p>${isUnsigned ? 'It says “unsigned” while the chain is unbroken: the runs are not signed, so anybody could have written them.' : 'It exits 0 and says “valid” only if no entry was edited, removed, reordered or inserted, and that key signed them. Get the key from its owner, not from the sender of this report.'}</p></li>
<li><p>Take an entry that this report names, compare the digest of its file (sha256sum), and read its record. docs/evidence.md says how to do that without this program.</p></li></ol>
<p class="quiet">This report is a rendering. The ledger is the evidence.</p></section>`;
}

function verifyCommand({ verdict, givenReviewerKeys }: ComplianceReport['ledger']): string {
  if (verdict === 'unsigned') return 'npx dr-contracts verify';
  const reviewers = givenReviewerKeys.length === 0 ? '' : ' --reviewer-key reviewer.pub.pem';
  return `npx dr-contracts verify --key ledger.pub.pem${reviewers}`;
}

/** The summary for auditors: number of promises, number of proved ones, and whether the ledger is trustworthy. */
function summarySection(report: ComplianceReport): Markup {
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

function headlineOf({ population: { promised, breached, unproven, missed } }: ComplianceReport): string {
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

/** Returns the sentence of `dr-contracts verify`, with the size of the ledger. */
function ledgerText({ verdict, sentence, entries, from, to }: ComplianceReport['ledger']): string {
  const range = from === null || to === null ? '' : ` from ${day(from)} to ${day(to)}`;
  const warning = verdict === 'invalid' ? ' Do not rely on this report before the cause is known: see Provenance.' : '';
  return `${sentence}. ${counted(entries, 'entry', 'entries')}${range}.${warning}`;
}
