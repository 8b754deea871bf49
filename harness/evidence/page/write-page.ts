import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { z } from 'zod';
import type { RunRecord } from '../../model/record.ts';
import { writeAtomically } from '../../reporting/atomic-file.ts';
import { asSystemError, explaining } from '../../reporting/system-error.ts';
import type { PageGate, PagePlaces, PastDrill } from './page-source.ts';
import { pastDrillSchema } from './page-source.ts';
import { renderPage } from './render-page.ts';
import { pageView } from './view-model.ts';

export interface PageWishes {
  /** The folder of the records: `<out>`. */
  readonly outDir: string;
  readonly run: RunRecord;
  /** Where the page goes; `<out>/latest/report.html` when left out. */
  readonly file?: string | undefined;
  /** The runbook, if the project has one. An absolute path. */
  readonly runbookFile?: string | undefined;
  readonly gate?: PageGate | undefined;
  /** Folder from which paths in the page's commands are read. */
  readonly root: string;
}

/**
 * Writes the report page of a run. It reads nothing but the records below `outDir`.
 * @returns the path of the page.
 * @throws {ExplainedError} when the page cannot be written.
 */
export async function writePage({ outDir, run, file, runbookFile, gate, root }: PageWishes): Promise<string> {
  const path = file ?? join(outDir, 'latest', 'report.html');
  const past = await readPastDrills(outDir, run.runId);
  const places = await placesOf({ outDir, run, page: path, runbookFile, root });
  const page = await renderPage(pageView({ run, past, gate, places }));
  await explaining(`report page ${path}`, () => writeAtomically(path, page));
  return path;
}

/** Enough of a run record of any version. A drill that is not well formed is left out, and the others are read. */
const pastRunSchema = z.object({ drills: z.array(z.unknown()) });

/** The drills of the other runs that are kept. */
async function readPastDrills(outDir: string, runId: string): Promise<PastDrill[]> {
  const runsDir = join(outDir, 'runs');
  const past: PastDrill[] = [];
  for (const name of await namesIn(runsDir)) {
    if (name === runId) continue;
    const text = await textOf(join(runsDir, name, 'run.json'));
    const run = pastRunSchema.safeParse(text === undefined ? undefined : parseJson(text));
    for (const drill of run.data?.drills ?? []) {
      const parsed = pastDrillSchema.safeParse(drill);
      if (parsed.success) past.push(parsed.data);
    }
  }
  return past;
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

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await unlessMissing(() => readdir(folder))) ?? [];
}

const textOf = (path: string): Promise<string | undefined> => unlessMissing(() => readFile(path, 'utf8'));
const isFile = async (path: string): Promise<boolean> => (await unlessMissing(() => stat(path)))?.isFile() === true;

async function unlessMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    const code = asSystemError(error)?.code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
