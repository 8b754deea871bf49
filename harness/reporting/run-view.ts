import { summaryOf } from '../model/errors.ts';
import type { DrillEvent, DrillListener } from '../model/events.ts';

/** Shows a run while it goes on. Disposal leaves the terminal as it was found. */
export interface RunView extends AsyncDisposable {
  readonly onDrill: DrillListener;
  /** A stage of the run itself, e.g. "toolchain", begins, or goes on after it had ended. Others may go on beside it. */
  onStage(stage: string): void;
  onStageEnd(stage: string): void;
  /** What goes on in a stage; in the one that began last when none is named. */
  onProgress(message: string, stage?: string): void;
}

/** What a view did wrong, said once each at the end of the run. */
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

/** The same view, but one that throws is noted and kills nothing: showing a drill must never decide it. */
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
