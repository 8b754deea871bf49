import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { RunRecord } from '../../model/record.ts';
import { writeAtomically } from '../../reporting/atomic-file.ts';
import { explaining, namesIn, unlessMissing } from '../../reporting/system-error.ts';
import type { PageGate, PagePlaces, PageSource } from './page-source.ts';
import { renderPage } from './render-page.ts';
import { pageView } from './view-model.ts';

export interface PageWishes extends Pick<PageSource, 'whyNoGate'> {
  /** The folder of the records: `<out>`. */
  readonly outDir: string;
  readonly run: RunRecord;
  /** What the ledger holds of this run and of those before. */
  readonly history: Pick<PageSource, 'past' | 'ledger'>;
  /** Where the page goes; `<out>/latest/report.html` when left out. */
  readonly file?: string | undefined;
  /** The runbook, if the project has one. An absolute path. */
  readonly runbookFile?: string | undefined;
  readonly gate?: PageGate | undefined;
  /** Folder from which paths in the page's commands are read. */
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

/** Addresses are relative to the page, so that the folder of the records can be moved as a whole. */
async function placesOf(
  wishes: Pick<PageWishes, 'outDir' | 'run' | 'runbookFile' | 'root'> & { readonly page: string },
): Promise<PagePlaces> {
  const { outDir, run, page, runbookFile, root } = wishes;
  // A folder that lies elsewhere is named in full.
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
