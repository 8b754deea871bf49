import { access, constants, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterwards } from '../../base/afterwards.ts';
import { ExplainedError } from '../../model/errors.ts';
import { runCommand } from '../../process/run.ts';
import type { Environment } from '../../reporting/terminal.ts';

/** Chromium and what is made of it; only these take the same options. */
const BROWSERS = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
  'microsoft-edge-stable',
];
/** A report of 200 contracts takes some seconds. */
const PRINT_BUDGET_MS = 120_000;

/**
 * Prints a page by a headless browser of this machine.
 * @param madeAt the time that the file names as its date: the same report is then the same file.
 * @throws {ExplainedError} when there is no such browser, or it does not print.
 */
export async function printPdf(
  page: string,
  madeAt: Date,
  environment: Environment,
  signal: AbortSignal,
): Promise<Buffer> {
  const browser = await findBrowser(environment);
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-pdf-'));
  await using _removal = afterwards(() => rm(folder, { recursive: true, force: true }));
  const [source, printed] = [join(folder, 'report.html'), join(folder, 'report.pdf')];
  await writeFile(source, page);
  await runCommand(
    {
      name: `${browser} --print-to-pdf`,
      file: browser,
      args: [
        '--headless',
        // It loads one file of our own and nothing from a network. As root, and in containers, it has no sandbox of its own.
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
        `--user-data-dir=${join(folder, 'profile')}`,
        '--no-pdf-header-footer',
        '--generate-pdf-document-outline',
        `--print-to-pdf=${printed}`,
        pathToFileURL(source).href,
      ],
      nextStep: 'Write the report with --format html, and print it in a browser.',
    },
    AbortSignal.any([signal, AbortSignal.timeout(PRINT_BUDGET_MS)]),
  );
  return withDate(await readFile(printed), madeAt);
}

async function findBrowser(environment: Environment): Promise<string> {
  const named = environment.CHROMIUM ?? '';
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = named === '' ? folders.flatMap((folder) => BROWSERS.map((name) => join(folder, name))) : [named];
  for (const candidate of candidates) if (await isProgram(candidate)) return candidate;
  throw new ExplainedError({
    thing: named === '' ? 'a headless browser' : `the browser ${named} (CHROMIUM)`,
    expected: 'Chromium, Chrome or Edge, which prints the PDF',
    observed: named === '' ? `PATH has none of ${BROWSERS.join(', ')}` : 'there is no such program',
    nextStep: 'Install one, name it in CHROMIUM, or write --format html and print it in a browser.',
  });
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    // Whatever the reason: it cannot be run from there.
    return false;
  }
}

/** Two files of the same page differ in these two dates alone, whose length is fixed. */
function withDate(pdf: Buffer, at: Date): Buffer {
  const digits = at.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);
  const text = pdf.toString('latin1');
  return Buffer.from(
    text.replaceAll(/(\/(?:CreationDate|ModDate) ?\(D:)\d{14}/g, (_, name: string) => `${name}${digits}`),
    'latin1',
  );
}
