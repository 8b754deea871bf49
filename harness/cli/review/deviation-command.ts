import { DeviationList, isOverdue, type OpenDeviation, type Retest } from '../../evidence/deviations.ts';
import type { EntryOf, LedgerEntry } from '../../evidence/entry.ts';
import { readLedger } from '../../evidence/ledger/ledger-store.ts';
import { ExplainedError, UsageError } from '../../model/errors.ts';
import { suggestion } from '../../model/text.ts';
import { renderColumns } from '../../reporting/columns.ts';
import { traitsOf } from '../../reporting/terminal.ts';
import { inWords, linesWithoutControls, onOneLine } from '../../reporting/text.ts';
import type { CommandIo } from '../command-io.ts';
import { openLedger } from '../verify-command.ts';
import { openReview, type ReviewPlace } from './append-review.ts';

export interface OpenDeviationOptions extends ReviewPlace {
  readonly contract?: string | undefined;
  readonly disaster?: string | undefined;
  /** The drill that showed it, with its contract and disaster. */
  readonly drill?: string | undefined;
  readonly cause: string;
  readonly action: string;
  readonly owner: string;
  /** The last day, `YYYY-MM-DD`, in UTC. */
  readonly due: string;
  readonly ticket?: string | undefined;
}

export interface CloseDeviationOptions extends ReviewPlace {
  /** The entry of the ledger that opened it. */
  readonly entry: number;
  /** The drill that shows that it is fixed; the last one that was met when left out. */
  readonly retest?: string | undefined;
  readonly by: string;
  readonly comment: string;
}

export interface ListDeviationsOptions {
  readonly ledger?: string | undefined;
  readonly json: boolean;
}

type Subject = Pick<EntryOf<'deviation'>, 'contract' | 'disaster' | 'drillId'>;

/** Appends the problem, its cause, the person who corrects it and the due date. */
export async function openDeviation(options: OpenDeviationOptions, io: CommandIo): Promise<0> {
  const { cause, action, owner, due, ticket = null } = options;
  const known = new KnownContracts();
  let drilled: Subject | undefined;
  using review = await openReview(options, io, (entry) => {
    known.follow(entry);
    const { body } = entry;
    if (options.drill === undefined || body.kind !== 'drill' || body.record.drillId !== options.drill) return;
    const { contract, disaster, drillId } = body.record;
    drilled = { contract: contract.name, disaster: disaster.name, drillId };
  });
  const subject = options.drill === undefined ? known.subject(options) : drilled;
  if (subject === undefined) {
    throw wrong(
      'a drill of the ledger',
      `there is no drill ${options.drill}`,
      'Take its id from the report of its run.',
    );
  }
  const { appended, signedBy } = await review.append({
    kind: 'deviation',
    ...subject,
    cause,
    correctiveAction: action,
    owner,
    due,
    ticket,
  });
  const { sequence } = appended;
  io.stdout.write(
    linesWithoutControls(
      `entry ${sequence}: deviation of ${nameOf(subject)}, due on ${due}; ${signedBy}\n` +
        `Close it once a drill has been met: npx dr-contracts deviation close ${sequence} --by NAME\n`,
    ),
  );
  return 0;
}

/** Appends that a met drill has closed a deviation. */
export async function closeDeviation(options: CloseDeviationOptions, io: CommandIo): Promise<0> {
  const { entry, by, comment } = options;
  const deviations = new DeviationList();
  using review = await openReview(options, io, (each) => deviations.follow(each));
  const open = deviations.find(entry);
  if (open === undefined) {
    const others = deviations.open.map(({ sequence, body }) => `${sequence} (${body.contract})`).join(', ');
    throw wrong(
      'an open deviation',
      `entry ${entry} is not one`,
      others === '' ? 'No deviation is open.' : `Open are ${others}.`,
    );
  }
  const retest = retestOf(open, options.retest);
  const { sequence, digest } = open;
  const { appended, signedBy } = await review.append({
    kind: 'deviation-closed',
    deviation: { sequence, digest },
    retest: { ...retest },
    closedBy: by,
    comment,
  });
  const shown = retest.drillId === null ? `run ${retest.runId}` : `drill ${retest.drillId}`;
  io.stdout.write(
    `${onOneLine(`entry ${appended.sequence}: deviation ${sequence} of ${nameOf(open.body)} is closed by ${shown} (entry ${retest.sequence}, ${retest.verdict}); ${signedBy}`)}\n`,
  );
  return 0;
}

function retestOf({ sequence, body, retests, open }: OpenDeviation, drillId: string | undefined): Retest {
  const retest = drillId === undefined ? retests.at(-1) : retests.find((each) => each.drillId === drillId);
  if (retest !== undefined) return retest;
  const expected = `a drill of ${nameOf(body)} after entry ${sequence} that is met`;
  const nextStep = `Run \`npx dr-contracts drill --contract ${body.contract}\`.`;
  if (drillId !== undefined) throw wrong(expected, `drill ${drillId} is not one`, nextStep);
  const since = open.length === 0 ? '' : `: ${inWords(open)} ${open.length === 1 ? 'was' : 'were'} not met since`;
  throw new ExplainedError({ thing: 'deviation', expected, observed: `there is none yet${since}`, nextStep });
}

/** Lists the open deviations, the oldest first. */
export async function listDeviations({ ledger, json }: ListDeviationsOptions, io: CommandIo): Promise<0> {
  using store = await openLedger(ledger, io);
  const deviations = new DeviationList();
  for await (const entry of readLedger(store, io.signal)) deviations.follow(entry);
  const nowUtc = io.clock.now().utc;
  const rows = deviations.open.map(({ sequence, body, retests }) => ({
    entry: sequence,
    contract: body.contract,
    disaster: body.disaster,
    cause: body.cause,
    correctiveAction: body.correctiveAction,
    owner: body.owner,
    due: body.due,
    isOverdue: isOverdue(body, nowUtc),
    ticket: body.ticket,
    opened: body.at,
    retest: retests.at(-1)?.drillId ?? null,
  }));
  if (json) io.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`);
  else if (rows.length === 0) io.stdout.write('no deviation is open\n');
  else {
    const cells = rows.map((row) => [
      String(row.entry),
      nameOf(row),
      row.cause,
      row.owner,
      row.isOverdue ? `${row.due} (overdue)` : row.due,
      row.ticket ?? '',
    ]);
    const head = ['Entry', 'Contract', 'Cause', 'Owner', 'Due', 'Ticket'];
    const plain = cells.map((row) => row.map(onOneLine));
    io.stdout.write(`${renderColumns(head, plain, traitsOf(io.stdout, io.environment))}\n`);
  }
  return 0;
}

/** Promises of the last run: a deviation must concern something that the project knows. */
class KnownContracts {
  readonly #disasters = new Map<string, readonly string[]>();

  follow({ body }: LedgerEntry): void {
    if (body.kind !== 'run-started') return;
    for (const { contract, disasters } of body.promises) this.#disasters.set(contract, disasters);
  }

  subject({ contract, disaster }: Pick<OpenDeviationOptions, 'contract' | 'disaster'>): Subject {
    if (contract === undefined) throw wrong('--contract or --drill', 'neither is given', 'Name one of them.');
    const disasters = this.#disasters.get(contract);
    if (disasters === undefined) {
      const names = [...this.#disasters.keys()];
      throw wrong(
        'a contract in the ledger',
        `there is no ${contract}${suggestion(contract, names)}`,
        `The contracts in the ledger are ${names.join(', ')}.`,
      );
    }
    if (disaster !== undefined && !disasters.includes(disaster)) {
      throw wrong(
        `a disaster of ${contract}`,
        `there is no ${disaster}${suggestion(disaster, disasters)}`,
        disasters.length === 0 ? 'Leave --disaster out.' : `It has ${disasters.join(', ')}.`,
      );
    }
    return { contract, disaster: disaster ?? null, drillId: null };
  }
}

const nameOf = ({ contract, disaster }: Pick<Subject, 'contract' | 'disaster'>): string =>
  disaster === null ? contract : `${contract} › ${disaster}`;

const wrong = (expected: string, observed: string, nextStep: string): UsageError =>
  new UsageError({ thing: 'deviation', expected, observed, nextStep });
