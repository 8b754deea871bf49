import { createLogUpdate } from 'log-update';
import type { Clock } from '../clock/clock.ts';
import {
  type LiveState,
  renderLiveFrame,
  withDrillEvent,
  withRunProgress,
  withRunStage,
  withRunStageEnded,
} from './live-frame.ts';
import type { ReporterFaults, RunView } from './run-view.ts';
import { type Environment, traitsOf } from './terminal.ts';

const REDRAW_EVERY_MS = 100;

/** Shows one line per drill, redrawn in place. The lines vanish at the end, because the report repeats all their content. */
export function createLiveView(
  stream: NodeJS.WriteStream,
  environment: Environment,
  clock: Clock,
  noted: ReporterFaults,
): RunView {
  const log = createLogUpdate(stream);
  const closing = new AbortController();
  let state: LiveState = new Map();
  let tick = 0;
  let broken = false;

  const draw = () => {
    if (broken) return;
    try {
      // The terminal may have been resized since the last frame.
      log(renderLiveFrame(state, traitsOf(stream, environment), clock.monotonicMs(), tick++).join('\n'));
    } catch (error) {
      broken = true;
      noted.note('The live view', error);
    }
  };
  const redrawing = (async () => {
    while (!closing.signal.aborted) {
      draw();
      await clock.pause(REDRAW_EVERY_MS, closing.signal).catch(() => undefined);
    }
  })();

  return {
    onDrill: (event) => {
      state = withDrillEvent(state, event, clock.monotonicMs());
    },
    onStage: (stage) => {
      state = withRunStage(state, stage, clock.monotonicMs());
    },
    onStageEnd: (stage) => {
      state = withRunStageEnded(state, stage, clock.monotonicMs());
    },
    onProgress: (message, stage) => {
      state = withRunProgress(state, message, stage);
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await redrawing;
      try {
        log.clear();
      } finally {
        log.done();
      }
    },
  };
}
