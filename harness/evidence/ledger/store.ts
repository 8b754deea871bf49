/** Where the entries of a ledger lie. A store knows names and bytes, and nothing of what is in them. */
export interface LedgerStore extends Disposable {
  /** For a reader: the folder, or `s3://bucket/prefix`. */
  readonly at: string;
  /** Names of everything that lies there, sorted, those after `after` only. A ledger that was never written has none. */
  names(signal: AbortSignal, after?: string): AsyncGenerator<string, void, undefined>;
  /** @throws {ExplainedError} when there is no such entry. */
  read(name: string, signal: AbortSignal): Promise<Uint8Array>;
  /**
   * Writes a new entry, whole and durable, or nothing. The compare-and-swap on which two writers rely.
   * @returns false when something of that name is there already.
   */
  create(name: string, bytes: Uint8Array, signal: AbortSignal): Promise<boolean>;
  /** Removes entries, in that order; those that are not there are no error. */
  remove(names: readonly string[], signal: AbortSignal): Promise<void>;
}
