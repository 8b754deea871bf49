import { renderDocument } from './document.ts';
import { html, type Markup } from './markup.ts';
import type { PageView, PromiseView } from './page-view.ts';
import {
  decisionSection,
  differencesSection,
  humanSection,
  posturesSection,
  provenanceSection,
} from './sections/other-sections.ts';
import { promiseDetails } from './sections/promise-details.ts';
import { promisesSection } from './sections/promises-section.ts';

/** What the details of all promises may need together. Beyond it, the charts of kept promises are left out, and the page says of how many. */
const DETAILS_BYTES = 3_500_000;
/** So few promises are all shown open. */
const ALL_OPEN = 2;

/** The whole page: one file that needs nothing else. */
export async function renderPage(view: PageView): Promise<string> {
  return await renderDocument({
    title: view.title,
    heading: 'Disaster recovery: which promises hold',
    headLine: headLine(view),
    skipTo: { id: 'decision', name: 'the decision' },
    sections: sectionsOf(view),
    main: html`${decisionSection(view.decision)}
${humanSection(view.needsHuman)}
${promisesSection(view.promises, view.notDrilled)}
${await detailsSection(view.promises)}
${posturesSection(view.postures)}
${differencesSection(view.differences)}
${provenanceSection(view.provenance)}`,
    footer: `Written by dr-contracts from the record of run ${view.runId}. All times are UTC.`,
  });
}

function headLine({ provenance }: PageView): string {
  const wanted = ['ended', 'target', 'started by', 'commit'];
  return provenance.facts
    .filter(({ name }) => wanted.includes(name))
    .map(
      ({ name, value }) =>
        `${name} ${name === 'commit' ? value.replace(/^[0-9a-f]{40}/, (hash) => hash.slice(0, 12)) : value}`,
    )
    .join(', ');
}

const sectionsOf = (view: PageView): readonly (readonly [id: string, name: string])[] => [
  ['decision', 'Decision'],
  ['human', `Needs a human (${view.needsHuman.length})`],
  ['promises', `Promises (${view.promises.length})`],
  ...(view.promises.length === 0 ? [] : [['details', 'Promise by promise'] as const]),
  ...(view.postures.length === 0 ? [] : [['posture', 'Posture'] as const]),
  ['differences', 'Differences from production'],
  ['provenance', 'Provenance'],
];

/** Promises that are not kept come first, so theirs are the charts that always fit. */
async function detailsSection(promises: readonly PromiseView[]): Promise<Markup> {
  if (promises.length === 0) return html``;
  const rendered: Markup[] = [];
  let bytes = 0;
  let shortened = 0;
  for (const promise of promises) {
    const open = promise.mark !== 'met' || promises.length <= ALL_OPEN;
    const full = await promiseDetails(promise, { open, short: false });
    const isShort = bytes + full.length > DETAILS_BYTES;
    const details = isShort ? await promiseDetails(promise, { open, short: true }) : full;
    bytes += details.length;
    if (isShort) shortened += 1;
    rendered.push(details);
  }
  return html`<section id="details" aria-labelledby="details-h"><h2 id="details-h">Promise by promise</h2>
${shortened === 0 ? '' : html`<p>The charts of ${shortened} promises are left out to keep the page small.</p>`}
${rendered}</section>`;
}
