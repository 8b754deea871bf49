import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { RunRecord } from '../../model/run-record.ts';
import { writeAtomically } from '../../reporting/replaceable-file.ts';
import { explaining, namesIn, unlessMissing } from '../../reporting/system-error.ts';
import { renderDocument } from './document.ts';
import { html, type Markup } from './markup.ts';
import type { PageGate, PagePlaces, PageSource } from './page-source.ts';
import type { PageView, PromiseView } from './page-view.ts';
import {
  decisionSection,
  differencesSection,
  humanSection,
  posturesSection,
  provenanceSection,
} from './sections/other-sections.ts';
import { promiseDetails, promisesSection } from './sections/promises-section.ts';
import { pageView } from './view-model.ts';

interface PageWishes extends Pick<PageSource, 'whyNoGate'> {
  /** The folder of the records: `<out>`. */
  readonly outDir: string;
  readonly run: RunRecord;
  /** The ledger's data on this run and on earlier ones. */
  readonly history: Pick<PageSource, 'past' | 'ledger'>;
  /** Path of the page; the default is `<out>/latest/report.html`. */
  readonly file?: string | undefined;
  /** The runbook, if the project has one. An absolute path. */
  readonly runbookFile?: string | undefined;
  readonly gate?: PageGate | undefined;
  /** The folder to which paths in the page's commands are relative. */
  readonly root: string;
}

/**
 * Writes the report page of a run.
 * @returns the path of the page.
 * @throws {ExplainedError} when the page cannot be written.
 */
export async function writePage(wishes: PageWishes): Promise<string> {
  const { outDir, run, history, file, runbookFile, gate, whyNoGate, root } = wishes;
  const path = file ?? join(outDir, 'latest', 'report.html');
  const places = await placesOf({ outDir, run, page: path, runbookFile, root });
  const page = await renderPage(pageView({ run, ...history, gate, whyNoGate, places }));
  await explaining(`report page ${path}`, () => writeAtomically(path, page));
  return path;
}

/** Returns addresses relative to the page, so the folder of the records can be moved as a whole. */
async function placesOf(
  wishes: Pick<PageWishes, 'outDir' | 'run' | 'runbookFile' | 'root'> & { readonly page: string },
): Promise<PagePlaces> {
  const { outDir, run, page, runbookFile, root } = wishes;
  // A folder outside the root is shown with its full path.
  const shown = (path: string) => (relative(root, path).startsWith('..') ? path : slashes(relative(root, path)));
  const place = (path: string) => ({ label: shown(path), href: encodeURI(slashes(relative(dirname(page), path))) });
  const runDir = join(outDir, 'runs', run.runId);
  const files = new Map<string, { label: string; href: string; digest: string }>();
  for (const name of await namesIn(join(runDir, 'drills'))) {
    const drill = run.drills.find(({ drillId }) => name.endsWith(`--${drillId}.json`));
    const path = join(runDir, 'drills', name);
    if (drill !== undefined) files.set(drill.drillId, { ...place(path), digest: digestOf(await readFile(path)) });
  }
  const runPath = join(runDir, 'run.json');
  const runText = await textOf(runPath);
  const hasRunbook = runbookFile !== undefined && (await isFile(runbookFile));
  return {
    drillFiles: files,
    ...(runText === undefined ? {} : { runFile: { ...place(runPath), digest: digestOf(runText) } }),
    ...(hasRunbook ? { runbook: place(runbookFile) } : {}),
  };
}

const slashes = (path: string): string => path.split(sep).join('/');
const digestOf = (content: string | Buffer): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

const textOf = (path: string): Promise<string | undefined> => unlessMissing(() => readFile(path, 'utf8'));
const isFile = async (path: string): Promise<boolean> => (await unlessMissing(() => stat(path)))?.isFile() === true;

/** Maximum size of the details of all promises. Beyond it, charts of kept promises are left out, and the page states how many. */
const DETAILS_BYTES = 3_500_000;
/** Up to this many promises are all shown open. */
const ALL_OPEN = 2;

/** The whole page: one file that needs nothing else. */
async function renderPage(view: PageView): Promise<string> {
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

/** Renders the details. Broken promises come first, so their charts always fit. */
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
