import { renderDocument } from '../page/document.ts';
import { command, html, list, type Markup } from '../page/markup.ts';
import { controlsSection, evidenceSection } from './html/controls-section.ts';
import { distributionsSection, populationSection } from './html/promises-section.ts';
import { deficienciesSection, runsSection, signOffSection } from './html/review-sections.ts';
import { headlineOf, ledgerText, summarySection } from './html/summary-section.ts';
import { day, minute } from './html/words.ts';
import type { ComplianceReport } from './report-schema.ts';

/** The report as one HTML file, with the same form as the page of a run. */
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
