// A drill whose target never starts. The test that runs it ends it with SIGKILL.
import { systemClock } from '../../clock/clock.ts';
import { runDrill } from '../drill-command.ts';
import { stubParts } from './stub-parts.ts';

const [, , cwd = ''] = process.argv;
const { parts } = stubParts({ records: [] });
const { signal } = new AbortController();
const { stdout, stderr } = process;
const io = { cwd, clock: systemClock, signal, stdout, stderr, environment: {}, commandLine: 'dr-contracts drill' };
const options = { target: 'local', contracts: [], all: false, keep: false, json: false, jobs: 1 } as const;
await runDrill(options, io, {
  ...parts,
  async startTarget() {
    process.stdout.write('the target starts\n');
    await systemClock.pause(600_000, signal);
    throw new Error('nobody ended this process');
  },
});
