import type { DrillEvent } from '../model/events.ts';
import type { Verdict } from '../model/record.ts';
import { formatDuration } from '../model/units.ts';
import { paletteFor, symbolsFor, type TerminalTraits } from './terminal.ts';
import { truncate } from './text.ts';

/** Content of one line of the live view: a stage of the run, or a drill. */
interface LiveLine {
  readonly name: string;
  readonly beganMs: number;
  readonly stage: string;
  readonly message: string;
  readonly ended: { readonly verdict: Verdict | undefined; readonly durationMs: number } | undefined;
}

export type LiveState = ReadonlyMap<string, LiveLine>;

/** Width of the usual stages, so that the columns after them do not move. */
const STAGE_COLUMNS = 12;

const RUN = 'run:';

/** Begins a stage, beside the running ones. A stage that had ended continues, and keeps its elapsed time. */
export function withRunStage(state: LiveState, stage: string, nowMs: number): LiveState {
  const key = `${RUN}${stage}`;
  const before = state.get(key)?.ended?.durationMs ?? 0;
  const line = { name: stage, beganMs: nowMs - before, stage: '', message: '', ended: undefined };
  return new Map(state).set(key, line);
}

export function withRunStageEnded(state: LiveState, stage: string, nowMs: number): LiveState {
  const key = `${RUN}${stage}`;
  const line = state.get(key);
  return line === undefined ? state : new Map(state).set(key, endedAt(line, nowMs));
}

/** Adds a message to the stage that it names; without a name, to all running stages. */
export function withRunProgress(state: LiveState, message: string, stage?: string): LiveState {
  const isMeant = (key: string, line: LiveLine) =>
    stage === undefined ? key.startsWith(RUN) && !line.ended : key === `${RUN}${stage}`;
  return new Map([...state].map(([key, line]) => [key, isMeant(key, line) ? { ...line, message } : line]));
}

export function withDrillEvent(state: LiveState, event: DrillEvent, nowMs: number): LiveState {
  const key = `drill:${event.drill}`;
  const line = state.get(key) ?? { name: event.drill, beganMs: nowMs, stage: '', message: '', ended: undefined };
  const next = new Map(state);
  switch (event.kind) {
    case 'stage':
      return next.set(key, { ...line, stage: event.stage, message: '' });
    case 'progress':
      return next.set(key, { ...line, message: event.message });
    case 'judged':
      return next.set(key, {
        ...line,
        ended: { verdict: event.judgement.verdict, durationMs: event.durationMs },
      });
  }
}

/**
 * Renders the lines of a frame: one per stage or drill, cut to the terminal's width. Ended ones are left out if the terminal has too few
 * rows.
 */
export function renderLiveFrame(state: LiveState, traits: TerminalTraits, nowMs: number, tick: number): string[] {
  const lines = [...state.values()];
  const symbols = symbolsFor(traits);
  const palette = paletteFor(traits);
  const nameColumns = Math.min(Math.floor(traits.columns / 2), Math.max(0, ...lines.map((line) => line.name.length)));
  const stageColumns = Math.max(STAGE_COLUMNS, ...lines.map((line) => (line.ended?.verdict ?? line.stage).length));
  return fitting(lines, Math.max(1, traits.rows - 1)).map((line) => {
    const name = truncate(line.name, nameColumns, symbols.ellipsis).padEnd(nameColumns);
    const elapsedMs = line.ended?.durationMs ?? Math.floor((nowMs - line.beganMs) / 1_000) * 1_000;
    const elapsed = formatDuration(elapsedMs).padStart(9);
    const verdict = line.ended?.verdict;
    const stage = (verdict ?? line.stage).padEnd(stageColumns);
    const mark = line.ended
      ? palette.verdict(verdict ?? 'met', symbols.verdicts[verdict ?? 'met'])
      : (symbols.spinner[tick % symbols.spinner.length] ?? '');
    const taken = 2 + nameColumns + 2 + stageColumns + 2 + elapsed.length + 2;
    const message = line.ended ? '' : truncate(line.message, Math.max(0, traits.columns - taken - 1), symbols.ellipsis);
    const painted = verdict === undefined ? stage : palette.verdict(verdict, stage);
    return `${mark} ${name}  ${painted}  ${palette.dim(elapsed)}  ${palette.dim(message)}`.trimEnd();
  });
}

function endedAt(line: LiveLine, nowMs: number): LiveLine {
  return line.ended ? line : { ...line, ended: { verdict: undefined, durationMs: nowMs - line.beganMs } };
}

/** Keeps as many lines as the terminal has, in their order: running ones first, then those that ended last. */
function fitting(lines: readonly LiveLine[], rows: number): LiveLine[] {
  const surplus = lines.length - rows;
  if (surplus <= 0) return [...lines];
  const ended = lines.filter((line) => line.ended !== undefined).slice(0, surplus);
  return lines.filter((line) => !ended.includes(line)).slice(0, rows);
}
