import type { DrillRecord, Finding, Measure, Verdict } from '../model/record.ts';
import { formatDuration, formatSize } from '../model/units.ts';
import { longestGapMs } from './schedule-gap.ts';
import { fitCost } from './size-fit.ts';

/** Above this share of an objective a promise is at risk. */
export const AT_RISK_SHARE = 0.8;

/**
 * RTA: from the end of the disaster to the first moment when the restore had finished and the probe read and wrote
 * restored data; the sum of the disjoint phases, budgeted parts added. Null when recovery never began.
 */
export function rtaOf(record: DrillRecord): Measure | null {
  if (record.moments.disasterEnded === null || record.phases.length === 0) return null;
  const valueMs = record.phases.reduce((sum, phase) => sum + phase.measuredMs + phase.addedMs, 0);
  return { valueMs, atLeast: record.phases.some((phase) => phase.outcome !== 'completed') };
}

/**
 * RPA: cut-off minus the acknowledgement of the last marker before the first lost one, over all lanes; 0 when none is
 * lost. When no marker survived it is more than the time since the first one.
 */
export function rpaOf(record: DrillRecord): Measure | null {
  const { cutOff } = record.moments;
  const exercised = record.markers.filter((lane) => lane.acknowledged > 0);
  if (cutOff === null || exercised.length === 0) return null;
  const measures = exercised.map((lane): Measure => {
    if (lane.lost === 0) return { valueMs: 0, atLeast: false };
    const sinceMs = lane.lastBeforeLossMs ?? lane.firstAcknowledgedMs ?? cutOff.monotonicMs;
    return { valueMs: Math.max(0, cutOff.monotonicMs - sinceMs), atLeast: lane.lastBeforeLossMs === null };
  });
  return measures.reduce((worst, measure) => (measure.valueMs > worst.valueMs ? measure : worst));
}

/**
 * Exposure: the longest gap of the schedule plus capture and upload; where a copy is restored from, the longest gap of the copy's
 * schedule as well: a backup that has just missed one waits for the next. The worst lag that was observed of a live replica, null when
 * nobody looked; 0 under continuous protection.
 */
export function exposureOf(record: DrillRecord): number | null {
  const { schedule } = record.contract;
  if (schedule === 'continuous') return 0;
  if (schedule === 'mirror') return worstLagMsOf(record);
  const { captureBegan, durable } = record.moments;
  const captureAndUploadMs = captureBegan && durable ? durable.monotonicMs - captureBegan.monotonicMs : 0;
  const from = new Date(record.moments.began.utc);
  const copiedOn = record.recoveryPoint?.copiedOn;
  return longestGapMs(schedule, from) + (copiedOn ? longestGapMs(copiedOn, from) : 0) + captureAndUploadMs;
}

function worstLagMsOf({ replication }: DrillRecord): number | null {
  if (replication === undefined || replication.looks === 0 || replication.lanes.length === 0) return null;
  return Math.max(...replication.lanes.map((lane) => Math.max(lane.worstMs, lane.atDisasterMs ?? 0)));
}

export function judgeRto(record: DrillRecord): Finding {
  const { rtoMs, productionSizeBytes } = record.contract;
  const rta = rtaOf(record);
  if (rta === null) {
    return { name: 'rto', verdict: 'unproven', sentence: 'No recovery was timed, so the RTO is not proved.' };
  }
  const took = `${rta.atLeast ? 'more than ' : ''}${formatDuration(rta.valueMs)}`;
  const parts = record.phases
    .filter(({ measuredMs, addedMs }) => measuredMs + addedMs > 0)
    .map(({ name, measuredMs, addedMs, outcome }) => {
      const shown = [
        measuredMs > 0 ? formatDuration(measuredMs) : undefined,
        addedMs > 0 ? `${formatDuration(addedMs)} budgeted` : undefined,
      ];
      return `${name} ${shown.filter((part) => part !== undefined).join(' + ')}${outcome === 'completed' ? '' : ` (${outcome})`}`;
    })
    .join(', ');
  if (rta.atLeast && rta.valueMs <= rtoMs) {
    const unfinished = record.phases.find((phase) => phase.outcome !== 'completed');
    return {
      name: 'rto',
      verdict: 'unproven',
      sentence: `The phase "${unfinished?.name}" did not complete (${unfinished?.detail ?? unfinished?.outcome}); the drill gave up after ${took}, before the RTO of ${formatDuration(rtoMs)} was over.`,
    };
  }
  if (productionSizeBytes !== null && rta.valueMs <= rtoMs) return judgeRtoAtSize(record, rta, productionSizeBytes);
  return {
    name: 'rto',
    verdict: verdictOf(rta.valueMs, rtoMs),
    sentence: `Promised back within ${formatDuration(rtoMs)}; recovered in ${took} (${parts})${excess(rta.valueMs, rtoMs)}.`,
  };
}

/** The measured restore is replaced by the upper confidence bound of the restore at the declared production size. */
function judgeRtoAtSize(record: DrillRecord, rta: Measure, productionSizeBytes: number): Finding {
  const { rtoMs } = record.contract;
  const fit = fitCost(record.sizes, (point) => point.restoreMs, productionSizeBytes);
  const size = formatSize(productionSizeBytes);
  if (fit.tooPoor !== undefined) {
    return {
      name: 'rto',
      verdict: 'unproven',
      sentence: `The RTO is promised for ${size}, but the restore cannot be extrapolated to it: ${fit.tooPoor}. Let the drill run at more and larger sizes.`,
    };
  }
  const restoreMs = record.phases.find((phase) => phase.name === 'restore')?.measuredMs ?? 0;
  const atSizeMs = rta.valueMs - restoreMs + Math.max(restoreMs, fit.upperMs);
  return {
    name: 'rto',
    verdict: verdictOf(atSizeMs, rtoMs),
    sentence: `Promised back within ${formatDuration(rtoMs)} at ${size}; expected at that size (95 % upper bound) ${formatDuration(atSizeMs)}, measured ${formatDuration(rta.valueMs)} at the drill's size${excess(atSizeMs, rtoMs)}.`,
  };
}

export function judgeRpo(record: DrillRecord): Finding {
  const { rpoMs } = record.contract;
  const rpa = rpaOf(record);
  if (rpa === null) {
    return {
      name: 'rpo',
      verdict: 'unproven',
      sentence: 'No marker was acknowledged before the disaster, so nothing says how much was lost.',
    };
  }
  const lost = record.markers.reduce((sum, lane) => sum + lane.lost, 0);
  const acknowledged = record.markers.reduce((sum, lane) => sum + lane.acknowledged, 0);
  const much = `${rpa.atLeast ? 'more than ' : ''}${formatDuration(rpa.valueMs)}`;
  const silent = record.markers.find((lane) => lane.acknowledged === 0);
  if (silent !== undefined) {
    return {
      name: 'rpo',
      verdict: 'unproven',
      sentence: `No marker was acknowledged by ${silent.lane}, so nothing says how much of it was lost.`,
    };
  }
  return {
    name: 'rpo',
    verdict: lost > 0 && rpoMs === 0 ? 'breached' : verdictOf(rpa.valueMs, rpoMs),
    sentence: `Promised to lose at most ${formatDuration(rpoMs)}; lost ${lost} of ${acknowledged} acknowledged markers, ${much} of writes${excess(rpa.valueMs, rpoMs)}.`,
  };
}

export function judgeExposure(record: DrillRecord): Finding {
  const { rpoMs, schedule } = record.contract;
  const exposure = exposureOf(record);
  if (schedule === 'mirror') return judgeLag(record, exposure);
  const exposureMs = exposure ?? 0;
  if (schedule === 'continuous') {
    return {
      name: 'exposure',
      verdict: 'met',
      sentence: 'Every acknowledged write is its own recovery point; no schedule leaves a gap.',
    };
  }
  const verdict = verdictOf(exposureMs, rpoMs);
  const copiedOn = record.recoveryPoint?.copiedOn;
  const copied = copiedOn ? `, copied on by "${copiedOn.cron}" (${copiedOn.timeZone}),` : '';
  const advice = verdict === 'breached' ? ' Back up more often, or promise less' : '';
  return {
    name: 'exposure',
    verdict,
    sentence: `Promised to lose at most ${formatDuration(rpoMs)}; the schedule "${schedule.cron}" (${schedule.timeZone})${copied} with its capture and upload permits losing ${formatDuration(exposureMs)}${excess(exposureMs, rpoMs)}.${advice}${advice === '' ? '' : '.'}`,
  };
}

/** A mirror has no schedule: what it may lose is how far it was seen to be behind. */
function judgeLag({ contract, replication }: DrillRecord, exposureMs: number | null): Finding {
  if (replication === undefined || exposureMs === null) {
    return {
      name: 'exposure',
      verdict: 'unproven',
      sentence: 'Nobody looked how far the mirror was behind, so nothing says how much a disaster may lose.',
    };
  }
  const positions = Math.max(...replication.lanes.map((lane) => lane.worstPositions));
  return {
    name: 'exposure',
    verdict: verdictOf(exposureMs, contract.rpoMs),
    sentence: `Promised to lose at most ${formatDuration(contract.rpoMs)}; the mirror was at most ${positions} messages and ${formatDuration(exposureMs)} behind in ${replication.looks} looks${excess(exposureMs, contract.rpoMs)}.`,
  };
}

function verdictOf(actualMs: number, objectiveMs: number): Verdict {
  if (actualMs > objectiveMs) return 'breached';
  return actualMs > AT_RISK_SHARE * objectiveMs ? 'at-risk' : 'met';
}

function excess(actualMs: number, objectiveMs: number): string {
  if (actualMs > objectiveMs) return `, ${formatDuration(actualMs - objectiveMs)} too much`;
  if (actualMs > AT_RISK_SHARE * objectiveMs) return `, above ${AT_RISK_SHARE * 100} % of the objective`;
  return '';
}
