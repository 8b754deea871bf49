import type { Clock } from '../clock/clock.ts';
import { summaryOf } from '../model/errors.ts';
import type { DrillEvent, DrillListener } from '../model/events.ts';
import { formatDuration } from '../model/units.ts';

/** Shows a run in progress. Disposal restores the terminal. */
export interface RunView extends AsyncDisposable {
  readonly onDrill: DrillListener;
  /** A stage of the run itself, e.g. "toolchain", begins, or continues after it had ended. Other stages may run at the same time. */
  onStage(stage: string): void;
  onStageEnd(stage: string): void;
  /** Progress of a stage; by default of the one that began last. */
  onProgress(message: string, stage?: string): void;
}

/** Errors of a view, each reported once at the end of the run. */
export interface ReporterFaults {
  readonly faults: readonly string[];
  note(where: string, error: unknown): void;
}

export function createReporterFaults(): ReporterFaults {
  const faults = new Set<string>();
  return {
    get faults() {
      return [...faults];
    },
    note: (where, error) => void faults.add(`${where} failed and was left out: ${summaryOf(error)}`),
  };
}

/** Wraps a view so that its errors are recorded and stop nothing: the display must never decide a drill. */
export function guardedView(view: RunView, noted: ReporterFaults): RunView {
  const guard = (work: () => void) => {
    try {
      work();
    } catch (error) {
      noted.note('The live view', error);
    }
  };
  return {
    onDrill: (event: DrillEvent) => guard(() => view.onDrill(event)),
    onStage: (stage) => guard(() => view.onStage(stage)),
    onStageEnd: (stage) => guard(() => view.onStageEnd(stage)),
    onProgress: (message, stage) => guard(() => view.onProgress(message, stage)),
    async [Symbol.asyncDispose]() {
      try {
        await view[Symbol.asyncDispose]();
      } catch (error) {
        noted.note('The live view', error);
      }
    },
  };
}

/** Minimum time between progress lines of a drill, so that a log stays readable; stages and verdicts are always printed. */
const QUIET_MS = 5_000;

/** Prints one line per event, for a pipe, a file or a CI log: `12:00:01Z nats-streams/server-lost: restore`. */
export function createPlainLines(clock: Clock, write: (line: string) => void): RunView {
  const spoken = new Map<string, number>();
  let lastStage = 'run';
  const begun = new Set<string>();
  const lastMessages = new Map<string, string>();
  const say = (subject: string, text: string) => write(`${clock.now().utc.slice(11, 19)}Z ${subject}: ${text}`);

  const onDrill = (event: DrillEvent) => {
    switch (event.kind) {
      case 'stage':
        spoken.set(event.drill, clock.monotonicMs());
        return say(event.drill, event.stage);
      case 'progress':
        if (clock.monotonicMs() - (spoken.get(event.drill) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
        spoken.set(event.drill, clock.monotonicMs());
        return say(event.drill, oneLine(event.message));
      case 'judged': {
        const { verdict, sentence } = event.judgement;
        const duration = formatDuration(event.durationMs);
        return say(event.drill, `${verdict} after ${duration}${verdict === 'met' ? '' : `: ${oneLine(sentence)}`}`);
      }
    }
  };
  return {
    onDrill,
    onStage: (stage) => {
      lastStage = stage;
      if (begun.has(stage)) return;
      begun.add(stage);
      say(stage, 'begins');
    },
    // The following event shows it.
    onStageEnd: () => undefined,
    onProgress: (message, stage = lastStage) => {
      const text = oneLine(message);
      if (text === lastMessages.get(stage)) return;
      lastMessages.set(stage, text);
      say(stage, text);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
