import { describe, expect, it } from 'vitest';
import type { Clock } from '../clock/clock.ts';
import type { DrillEvent } from '../model/events.ts';
import {
  type LiveState,
  renderLiveFrame,
  withDrillEvent,
  withRunProgress,
  withRunStage,
  withRunStageEnded,
} from './live-frame.ts';
import { createPlainLines, createReporterFaults, guardedView } from './run-view.ts';
import { traitsOf } from './terminal.ts';
import { madeUpJudgement } from './testing/made-up-records.ts';

const drill = 'nats-streams/server-lost';
const traits = { live: true, columns: 80, rows: 24, colour: false, unicode: false };

function handSetClock(): Clock & { nowMs: number } {
  const clock = {
    nowMs: 0,
    monotonicMs: () => clock.nowMs,
    now: () => ({ utc: new Date(Date.UTC(2025, 10, 23, 12) + clock.nowMs).toISOString(), monotonicMs: clock.nowMs }),
    pause: () => Promise.reject(new Error('nothing here waits')),
  };
  return clock;
}

describe('plain lines', () => {
  it('say the time, the drill and what it does', () => {
    const clock = handSetClock();
    const lines: string[] = [];
    const view = createPlainLines(clock, (line) => lines.push(line));
    view.onStage('target started');
    clock.nowMs = 1_000;
    view.onDrill({ kind: 'stage', drill, stage: 'restore' });
    clock.nowMs = 9_000;
    view.onDrill({ kind: 'progress', drill, message: '3 of 7\nmessages' });
    view.onDrill({ kind: 'judged', drill, durationMs: 12_000, judgement: madeUpJudgement() });
    expect(lines).toEqual([
      '12:00:00Z target started: begins',
      '12:00:01Z nats-streams/server-lost: restore',
      '12:00:09Z nats-streams/server-lost: 3 of 7 messages',
      '12:00:09Z nats-streams/server-lost: met after 12 s',
    ]);
  });

  it('name the stage of a message while several stages go on, and begin each of them once', () => {
    const lines: string[] = [];
    const view = createPlainLines(handSetClock(), (line) => lines.push(line));
    view.onStage('toolchain');
    view.onStage('drills');
    view.onProgress('building etcd', 'toolchain');
    view.onProgress('1 of 17 drilled', 'drills');
    view.onProgress('building etcd', 'toolchain');
    view.onStageEnd('toolchain');
    view.onStage('toolchain');
    expect(lines).toEqual([
      '12:00:00Z toolchain: begins',
      '12:00:00Z drills: begins',
      '12:00:00Z toolchain: building etcd',
      '12:00:00Z drills: 1 of 17 drilled',
    ]);
  });

  it('say why a drill is not met', () => {
    const lines: string[] = [];
    const judgement = madeUpJudgement({ verdict: 'breached', sentence: 'One Secret differs.' });
    createPlainLines(handSetClock(), (line) => lines.push(line)).onDrill({
      kind: 'judged',
      drill,
      durationMs: 0,
      judgement,
    });
    expect(lines).toEqual(['12:00:00Z nats-streams/server-lost: breached after 0 s: One Secret differs.']);
  });

  it('do not flood a log: progress of one drill at most every five seconds, the same message of the run once', () => {
    const clock = handSetClock();
    const lines: string[] = [];
    const view = createPlainLines(clock, (line) => lines.push(line));
    for (; clock.nowMs < 20_000; clock.nowMs += 100) {
      view.onDrill({ kind: 'progress', drill, message: `at ${clock.nowMs}` });
      view.onProgress('waiting');
    }
    expect(lines.filter((line) => line.includes(drill))).toHaveLength(4);
    expect(lines.filter((line) => line.includes('waiting'))).toHaveLength(1);
  });
});

describe('the live view', () => {
  const events: readonly DrillEvent[] = [
    { kind: 'stage', drill: 'a/one', stage: 'seed' },
    { kind: 'stage', drill, stage: 'restore' },
    { kind: 'progress', drill, message: `reading ${'x'.repeat(200)}` },
    { kind: 'judged', drill: 'a/one', durationMs: 4_200, judgement: madeUpJudgement() },
  ];
  const state = events.reduce((before: LiveState, event) => withDrillEvent(before, event, 0), new Map());

  it('has one line a drill, none wider than the terminal', () => {
    const lines = renderLiveFrame(state, traits, 7_900, 0);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^\+ a\/one\s+met\s+4\.2 s$/);
    expect(lines[1]).toMatch(/^\| nats-streams\/server-lost {2}restore\s+7 s {2}reading x+\.\.\.$/);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(80);
  });

  it('lets ended lines go first when the terminal is too low', () => {
    const lines = renderLiveFrame(state, { ...traits, rows: 2 }, 0, 0);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(drill);
  });

  it('shows the stages of the run side by side, and a message with its own stage', () => {
    const begun = withRunProgress(withRunStage(new Map(), 'toolchain', 0), 'building etcd');
    expect(renderLiveFrame(begun, traits, 3_000, 0)).toEqual([
      expect.stringMatching(/toolchain\s+3 s {2}building etcd/),
    ]);
    const both = withRunProgress(withRunStage(begun, 'drills', 5_000), '1 of 17 drilled', 'drills');
    expect(renderLiveFrame(both, traits, 6_000, 0)).toEqual([
      expect.stringMatching(/^\| toolchain\s+6 s {2}building etcd$/),
      expect.stringMatching(/^\| drills\s+1 s {2}1 of 17 drilled$/),
    ]);
    const built = withRunStageEnded(both, 'toolchain', 7_000);
    expect(renderLiveFrame(built, traits, 9_000, 0)[0]).toMatch(/^\+ toolchain\s+7 s$/);
  });

  it('goes on with a stage that had ended, and counts only the time in which it went on', () => {
    const ended = withRunStageEnded(withRunStage(new Map(), 'target started', 0), 'target started', 2_000);
    const again = withRunStage(ended, 'target started', 60_000);
    expect(renderLiveFrame(again, traits, 63_000, 0)).toEqual([expect.stringMatching(/^\| target started\s+5 s$/)]);
  });
});

describe('a view that throws', () => {
  it('is noted once and kills nothing', async () => {
    const fail = () => {
      throw new Error('no such terminal');
    };
    const noted = createReporterFaults();
    const view = guardedView(
      { onDrill: fail, onStage: fail, onStageEnd: fail, onProgress: fail, [Symbol.asyncDispose]: async () => fail() },
      noted,
    );
    view.onDrill({ kind: 'stage', drill, stage: 'seed' });
    view.onStage('drills');
    view.onProgress('x');
    await view[Symbol.asyncDispose]();
    expect(noted.faults).toEqual(['The live view failed and was left out: no such terminal']);
  });
});

describe('what a terminal can show', () => {
  const terminal = { isTTY: true, columns: 80, rows: 24 };

  it('is redrawn lines in colour on a terminal, and plain lines in a pipe, a CI log or a dumb terminal', () => {
    expect(traitsOf(terminal, { TERM: 'xterm', LANG: 'C.UTF-8' })).toMatchObject({
      live: true,
      colour: true,
      unicode: true,
    });
    expect(traitsOf({}, {})).toMatchObject({ live: false, colour: false, unicode: false, columns: 100 });
    expect(traitsOf(terminal, { CI: 'true' })).toMatchObject({ live: false });
    expect(traitsOf(terminal, { TERM: 'dumb' })).toMatchObject({ live: false, colour: false });
  });

  it('has no colour when NO_COLOR is set, even when colour is forced', () => {
    expect(traitsOf(terminal, { NO_COLOR: '1', FORCE_COLOR: '1' })).toMatchObject({ live: true, colour: false });
  });

  it('has box characters only in a UTF-8 locale', () => {
    expect(traitsOf(terminal, { LANG: 'C' }).unicode).toBe(false);
    expect(traitsOf(terminal, { LC_ALL: 'C', LANG: 'en_US.UTF-8' }).unicode).toBe(false);
  });
});
