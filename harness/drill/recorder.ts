import { messagesOf, summaryOf } from '../model/errors.ts';
import { type DrillRecord, drillRecordSchema, type Judgement } from '../model/record.ts';
import { judge } from '../verdict/judge.ts';

/** Facts that are known only when everything has been released. */
export type Ending = Pick<DrillRecord, 'cleanup'> & {
  readonly ended: NonNullable<DrillRecord['moments']['ended']>;
  readonly stage: DrillRecord['stages'][number];
};

/** Destination of the copies of a record. */
export interface RecorderOutlet {
  /** Returns a copy without secret values. Only this copy leaves the recorder. */
  readonly publishable: (record: DrillRecord) => DrillRecord;
  readonly save: (record: DrillRecord) => Promise<void>;
}

/**
 * Keeper of the record of one drill. The drill writes into a draft. The recorder saves and judges a checked copy of it. The last copy is
 * frozen: late work still reaches the draft, which is no longer read.
 */
export class Recorder {
  readonly draft: DrillRecord;
  /** Record at the start. It supplies the replacement for an unusable part. */
  readonly #initial: DrillRecord;
  readonly #publishable: RecorderOutlet['publishable'];
  readonly #save: RecorderOutlet['save'];
  #saving: Promise<void> = Promise.resolve();
  #isSealed = false;

  constructor(draft: DrillRecord, { publishable, save }: RecorderOutlet) {
    this.#initial = checkedCopy(draft, draft);
    this.draft = draft;
    this.#publishable = publishable;
    this.#save = save;
  }

  /** Saves a copy of the draft with this state. @throws the error of saving; an error when the record is final. */
  async saveDraft(state: 'started' | 'restored'): Promise<void> {
    this.draft.state = state;
    await this.#inTurn(this.#publishable(checkedCopy(this.draft, this.#initial)));
  }

  /**
   * Copies the draft at the end of the drill.
   * @returns the copy, and a function that completes it to the final record; call it once.
   */
  seal(): { readonly observed: DrillRecord; readonly complete: (ending: Ending) => Promise<SavedRecord> } {
    if (this.#isSealed) throw new Error(`the record of drill ${this.draft.drillId} is final`);
    this.#isSealed = true;
    const observed = checkedCopy(this.draft, this.#initial);
    let isComplete = false;
    const complete = async ({ cleanup, ended, stage }: Ending): Promise<SavedRecord> => {
      if (isComplete) throw new Error(`the record of drill ${observed.drillId} is final`);
      isComplete = true;
      const unjudged: DrillRecord = {
        ...observed,
        state: 'complete',
        moments: { ...observed.moments, ended },
        stages: [...observed.stages, stage],
        cleanup,
        judgement: null,
      };
      // The judge sees the original observations; the record is redacted afterwards.
      const record = deepFreeze(this.#published(unjudged));
      return { record, unsaved: await this.#trySaving(record) };
    };
    return { observed, complete };
  }

  /** Judges and redacts the record. If the redaction fails, the record loses all observations and proves nothing. */
  #published(unjudged: DrillRecord): DrillRecord {
    try {
      return this.#publishable({ ...unjudged, judgement: judgementOf(unjudged) });
    } catch (error) {
      // The message of the error is left out, because it may quote a secret.
      const kind = error instanceof Error ? error.name : typeof error;
      const message = `the record could not be cleared of secrets (${kind}), so everything that was observed is left out`;
      const { environment } = this.#initial;
      const reduced: DrillRecord = {
        ...this.#initial,
        state: 'complete',
        environment: { ...environment, differencesFromProduction: [], settings: {} },
        moments: unjudged.moments,
        stages: unjudged.stages,
        sizes: [],
        cleanup: unjudged.cleanup.map(({ what, outcome }) => ({ what, outcome })),
        failure: { stage: 'record', blame: 'harness', messages: [message], aborted: false },
      };
      return { ...reduced, judgement: judgementOf(reduced) };
    }
  }

  async #trySaving(record: DrillRecord): Promise<unknown> {
    try {
      await this.#inTurn(record);
      return undefined;
    } catch (error) {
      return error ?? new Error('saving failed without a reason');
    }
  }

  /** Saves one after the other. A slow save of an earlier state must not overwrite a later one. */
  #inTurn(record: DrillRecord): Promise<void> {
    const saving = this.#saving.then(() => this.#save(record));
    this.#saving = saving.catch(() => undefined);
    return saving;
  }
}

export interface SavedRecord {
  /** The frozen record. */
  readonly record: DrillRecord;
  /** Error of saving; undefined when it succeeded. */
  readonly unsaved: unknown;
}

/**
 * Returns a copy that is a valid record, whatever a plug-in returned. A part that does not fit the schema gets its initial value, and a
 * failure of the drill says so.
 */
function checkedCopy(draft: DrillRecord, initial: DrillRecord): DrillRecord {
  const problems: string[] = [];
  const entries = Object.entries(drillRecordSchema.shape).map(([key, schema]) => {
    const name = key as keyof DrillRecord;
    try {
      return [name, schema.parse(draft[name])];
    } catch (error) {
      problems.push(`the record's part "${name}" cannot be used: ${summaryOf(error)}`);
      return [name, schema.parse(initial[name])];
    }
  });
  const copy: DrillRecord = drillRecordSchema.parse(Object.fromEntries(entries));
  if (problems.length === 0) return copy;
  if (copy.failure !== null) copy.failure.messages.push(...problems);
  else copy.failure = { stage: 'record', blame: 'harness', messages: problems, aborted: false };
  return copy;
}

/** Judges the record. A record that cannot be judged is `unproven`. */
function judgementOf(record: DrillRecord): Judgement {
  try {
    return judge(record);
  } catch (error) {
    return {
      verdict: 'unproven',
      sentence: `This record could not be judged: ${messagesOf(error).join('; ')}. This is a defect in dr-contracts: report it with the record.`,
      findings: [],
      rta: null,
      rpa: null,
      exposureMs: null,
      marginPercent: null,
    };
  }
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part);
  return Object.freeze(value);
}
