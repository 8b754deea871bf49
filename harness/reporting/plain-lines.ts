import type { Clock } from '../clock/clock.ts';
import type { DrillEvent } from '../model/events.ts';
import { formatDuration } from '../model/units.ts';
import type { RunView } from './run-view.ts';

/** A drill's progress is said at most this often, so that a log stays readable; its stages and its verdict always are. */
const QUIET_MS = 5_000;

/** One line an event, for a pipe, a file or a CI log: `12:00:01Z nats-streams/server-lost: restore`. */
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
    // What follows shows it.
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
