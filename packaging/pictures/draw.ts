import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runRecordSchema } from '../../harness/model/run-record.ts';
import { renderRunReport } from '../../harness/reporting/run-report.ts';
import { wrapWords } from '../../harness/reporting/text.ts';
import { rootFolder } from '../places.ts';
import { pictureOf } from './picture.ts';
import { record, shown } from './recording.ts';

// Draws the pictures of the README from real runs. Run it by hand after a change of their content:
//   npm run picture -- demo                            runs the demo and records it: docs/images/demo.svg
//   npm run picture -- run reports/latest/run.json     the table of that run: docs/images/run.svg
const DEMO_COLUMNS = 100;
const TABLE_COLUMNS = 124;

const [name, file = 'reports/latest/run.json'] = process.argv.slice(2);
switch (name) {
  case 'demo':
    await drawDemo();
    break;
  case 'run':
    await drawRun(file);
    break;
  default:
    throw new Error('Name a picture: demo, or run with a run record.');
}

async function drawDemo(): Promise<void> {
  const command = 'npx dr-contracts demo';
  const { frames, exitCode } = await record(command, { cwd: rootFolder, columns: DEMO_COLUMNS });
  if (exitCode !== 0) throw new Error(`${command} ended with exit code ${exitCode}; nothing was drawn.`);
  await save(
    'demo.svg',
    pictureOf(
      frames,
      'A recording of the demo: a backup job says Backup complete, the drill says breached because nothing came back; the job with one line repaired is met',
    ),
  );
}

/** Draws the table and the last line of the report: the end of a run's output, without the durations between them. */
async function drawRun(path: string): Promise<void> {
  const run = runRecordSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  const traits = { live: false, columns: TABLE_COLUMNS, rows: 0, colour: true, unicode: true };
  const report = renderRunReport(run, { traits, recordPath: () => '', runPath: path }).trimEnd();
  const table = report.slice(0, report.indexOf('\n\n'));
  const counts = wrapWords(report.slice(report.lastIndexOf('\n') + 1), TABLE_COLUMNS, '  ');
  const frame = await shown(`$ npm run drill\n\n${table}\n\n${counts}\n`, TABLE_COLUMNS);
  const label =
    'The table that a run ends with: every contract and disaster with its RTO, RTA, RPO, RPA, exposure, verdict and margin';
  await save('run.svg', pictureOf([frame], label));
}

async function save(picture: string, text: string): Promise<void> {
  const place = join(rootFolder, 'docs/images', picture);
  await writeFile(place, text);
  console.log(`docs/images/${picture}: ${text.length} bytes`);
}
